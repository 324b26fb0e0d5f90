import { describe, expect, test } from "bun:test";
import { BodyStream } from "./body-stream.ts";

const chunks = ["ab", "cd", "ef"].map((text) => Buffer.from(text));

function streamOfChunks(): { stream: BodyStream; cancelledWith: unknown[] } {
  const cancelledWith: unknown[] = [];
  const rest = [...chunks];
  const stream = new BodyStream({
    pull(controller) {
      const chunk = rest.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: (reason) => void cancelledWith.push(reason),
  });
  return { stream, cancelledWith };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const read: Uint8Array[] = [];
  for await (const chunk of stream) read.push(chunk);
  return read;
}

describe("a body stream", () => {
  test("is iterated chunk by chunk to its end", async () => {
    expect(await readAll(streamOfChunks().stream)).toEqual(chunks);
    expect(await readAll(streamOfChunks().stream.values())).toEqual(chunks);
  });

  test("is cancelled and unlocked when the loop is left", async () => {
    const { stream, cancelledWith } = streamOfChunks();
    for await (const chunk of stream) if (chunk[0] === 0x63) break;
    expect([cancelledWith, stream.locked]).toEqual([[undefined], false]);
  });

  test("is read on by somebody else where the loop does not cancel it", async () => {
    const { stream, cancelledWith } = streamOfChunks();
    for await (const _ of stream.values({ preventCancel: true })) break;
    expect([await readAll(stream), cancelledWith]).toEqual([chunks.slice(1), []]);
  });

  test("gives its failure to the loop", async () => {
    const failing = new BodyStream({
      pull() {
        throw new Error("broken");
      },
    });
    expect(await readAll(failing).catch((error: unknown) => error)).toEqual(new Error("broken"));
  });

  test("gives nothing more once the loop was left, and is no stream for two", async () => {
    const { stream } = streamOfChunks();
    const iterator = stream.values();
    expect(() => stream.values()).toThrow(TypeError);
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
  });

  test("serves whoever takes a ReadableStream", async () => {
    expect(await new Response(streamOfChunks().stream).text()).toBe("abcdef");
    const [one, other] = streamOfChunks().stream.tee();
    expect([await readAll(one), await readAll(other)]).toEqual([chunks, chunks]);
    expect(await readAll(streamOfChunks().stream.pipeThrough(new TransformStream()))).toEqual(chunks);
  });
});
