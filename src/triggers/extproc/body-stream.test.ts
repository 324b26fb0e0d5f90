import { describe, expect, test } from "bun:test";
import { type BodySource, BodyStream } from "./body-stream.ts";

const chunks = ["ab", "cd", "ef"].map((text) => Buffer.from(text));

/** Gives the chunks to a reader or to whoever iterates; fails at the end with `failure`, if there is one. */
class Chunks implements BodySource {
  readonly isFresh: boolean;
  readonly cancelledWith: unknown[] = [];
  readonly #rest = [...chunks];
  readonly #failure: Error | null;

  constructor(isFresh: boolean, failure: Error | null) {
    this.isFresh = isFresh;
    this.#failure = failure;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { done, value } = await this.next();
    if (done === true) controller.close();
    else controller.enqueue(value);
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#rest.shift();
    if (value === undefined && this.#failure !== null) throw this.#failure;
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  cancel(reason: unknown): void {
    this.cancelledWith.push(reason);
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const read: Uint8Array[] = [];
  for await (const chunk of stream) read.push(chunk);
  return read;
}

describe.each([true, false])("a body stream, fresh: %p", (isFresh) => {
  function streamOfChunks(failure: Error | null = null): { stream: BodyStream; cancelledWith: unknown[] } {
    const source = new Chunks(isFresh, failure);
    return { stream: new BodyStream(source), cancelledWith: source.cancelledWith };
  }

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
    const { stream } = streamOfChunks(new Error("broken"));
    expect(await readAll(stream).catch((error: unknown) => error)).toEqual(new Error("broken"));
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
