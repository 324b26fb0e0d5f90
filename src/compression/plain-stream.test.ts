import { expect, test } from "bun:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { plainStream } from "./plain-stream.ts";

const texts = ["x", "hello", '{"a":1}', "<!doctype html><p>", "data: 1\n\n", "a,b\n1,2\n".repeat(500)];
const coders = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const;

function streamOf(bytes: Uint8Array, pieceBytes: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += pieceBytes)));
      else controller.close();
    },
  });
}

for (const pieceBytes of [1, 7, 100_000]) {
  test.each(coders)(
    `in pieces of ${pieceBytes}, what has the coding %s is decoded and what has not is left`,
    async (coding, encode) => {
      for (const text of texts) {
        for (const bytes of [encode(Buffer.from(text)), Buffer.from(text)]) {
          const plain = plainStream(streamOf(bytes, pieceBytes), [coding]);
          expect(await new Response(plain).text()).toBe(text);
        }
      }
    },
  );
}

test("stacked codings come off together, unknown ones stay, and an empty stream stays empty", async () => {
  const both = brotliCompressSync(gzipSync("text"));
  expect(await new Response(plainStream(streamOf(both, 5), ["gzip", "br"])).text()).toBe("text");
  expect(await new Response(plainStream(streamOf(Buffer.from("text"), 5), ["compress"])).text()).toBe("text");
  expect(await new Response(plainStream(streamOf(Buffer.alloc(0), 5), ["gzip"])).text()).toBe("");
});

test("who stops reading stops the source, begun or not", async () => {
  for (const reads of [0, 1]) {
    let cancelled: unknown = null;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from("more text")),
      cancel: (reason) => void (cancelled = reason),
    });
    const reader = plainStream(source, ["gzip"]).getReader();
    for (let i = 0; i < reads; i++) await reader.read();
    await reader.cancel("enough");
    expect(cancelled).toBe("enough");
  }
});
