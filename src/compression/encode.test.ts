import { describe, expect, test } from "bun:test";
import { codingNames, collect, decodeSync, generousLimits, sampleText, streamOf } from "./bodies.test-support.ts";
import { decodeStream } from "./decode-stream.ts";
import { encodeBody } from "./encode-body.ts";
import { encodeStream } from "./encode-stream.ts";

const small = sampleText(3_000);
const large = sampleText(300_000);

describe("encoding", () => {
  test.each(codingNames)("%s gives what its decoder reads, whole and streamed, and is smaller", async (coding) => {
    for (const body of [small, large]) {
      const whole = await encodeBody(body, [coding]);
      const streamed = await collect(encodeStream(streamOf(body, 1000).stream, [coding]));
      for (const coded of [whole, streamed]) {
        expect(decodeSync[coding](coded).equals(body)).toBe(true);
        expect(coded.length).toBeLessThan(body.length / 3);
      }
    }
  });

  test("stacked codings are applied first to last", async () => {
    for (const coded of [
      await encodeBody(small, ["gzip", "br"]),
      await collect(encodeStream(streamOf(small, 100).stream, ["gzip", "br"])),
    ]) {
      expect(decodeSync.gzip(decodeSync.br(coded)).equals(small)).toBe(true);
    }
  });

  test.each(codingNames)("an empty body stays empty under %s", async (coding) => {
    const nothing = new Uint8Array(0);
    expect(await encodeBody(nothing, [coding, "gzip"])).toEqual(nothing);
    expect(await collect(encodeStream(streamOf(nothing, 1).stream, [coding, "gzip"], { flush: "each-chunk" }))).toEqual(
      Buffer.alloc(0),
    );
  });

  test("an unknown coding is refused", async () => {
    expect(encodeBody(small, ["compress"])).rejects.toMatchObject({ code: "unknown-coding" });
    expect(() => encodeStream(streamOf(small, 1).stream, ["compress"])).toThrow(
      expect.objectContaining({ code: "unknown-coding" }),
    );
  });

  test("without codings a whole body is returned as it is", async () => {
    expect(await encodeBody(small, [])).toBe(small);
  });
});

describe("flushing each chunk", () => {
  const stacks = [...codingNames.map((coding) => [coding]), ["gzip", "br"], ["zstd", "deflate"]];

  test.each(stacks)("every event can be decoded as soon as it is written: %p", async (...codings) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoded = encodeStream(readable, codings, { flush: "each-chunk" });
    const reader = decodeStream(encoded, codings, generousLimits).getReader();
    const decoder = new TextDecoder();
    for (const event of ["data: one\n\n", "data: two\n\n", ": still here\n\n"]) {
      void writer.write(Buffer.from(event));
      let received = "";
      while (received.length < event.length) {
        const { value } = await reader.read();
        received += decoder.decode(value);
      }
      expect(received).toBe(event);
    }
    void writer.close();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  test("without it the coder keeps small writes to itself", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const reader = decodeStream(encodeStream(readable, ["br"]), ["br"], generousLimits).getReader();
    void writer.write(Buffer.from("data: one\n\n"));
    const first = await Promise.race([reader.read(), Bun.sleep(20).then(() => "nothing yet" as const)]);
    expect(first).toBe("nothing yet");
    await reader.cancel();
  });
});
