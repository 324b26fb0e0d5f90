/** Bodies and streams for the tests of codings. */
import * as zlib from "node:zlib";

export type EncoderName = "gzip" | "x-gzip" | "deflate" | "br" | "zstd";
export const codingNames: readonly EncoderName[] = ["gzip", "x-gzip", "deflate", "br", "zstd"];

/** The other direction, by the runtime. */
export const encodeSync: Readonly<Record<EncoderName, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  "x-gzip": (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
};

export const decodeSync: Readonly<Record<EncoderName, (bytes: Uint8Array) => Buffer>> = {
  gzip: zlib.gunzipSync,
  "x-gzip": zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};

export const generousLimits = { maxBytes: 64 * 1024 * 1024, maxExpansionRatio: 100_000 };

/** Text that packs about as well as JSON does. */
export function sampleText(bytes: number): Buffer {
  let text = "";
  for (let i = 0; text.length < bytes; i++) text += `{"id":${i},"name":"item ${(i * 7919) % 1009}"},\n`;
  return Buffer.from(text.slice(0, bytes));
}

export interface CountingStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Chunks somebody asked for. */
  readonly pulled: () => number;
  /** What the stream was cancelled with; undefined while it was not. */
  readonly cancelledWith: () => unknown;
}

/** The bytes in chunks, each made when it is asked for. Without an end the last chunk repeats for ever. */
export function streamOf(bytes: Uint8Array, chunkBytes: number, endless = false): CountingStream {
  let at = 0;
  let pulled = 0;
  let cancelledWith: unknown;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= bytes.length && !endless) return controller.close();
        pulled++;
        const from = at >= bytes.length ? Math.max(0, bytes.length - chunkBytes) : at;
        controller.enqueue(bytes.subarray(from, from + chunkBytes));
        at = from + chunkBytes;
      },
      cancel(reason) {
        cancelledWith = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => pulled, cancelledWith: () => cancelledWith };
}

export async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
