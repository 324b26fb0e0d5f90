/**
 * `bun scripts/bench/codings.ts`: decoding and encoding of streams against bare node:zlib, in MB of decoded bytes a
 * second. Bare is the faster of its two forms in the same round, 64 KiB at a time: its stream, and its synchronous
 * call on the whole body.
 */
import * as zlib from "node:zlib";
import type { CodingName } from "../../src/compression/content-encoding.ts";
import { decodeStream } from "../../src/compression/decode-stream.ts";
import { encodeStream } from "../../src/compression/encode-stream.ts";
import { medianOf } from "./latencies.ts";

const rounds = 15;
const chunkBytes = 65_536;
const limits = { maxBytes: 1 << 30, maxExpansionRatio: 1000 };
const brotli = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };
const chunks = { chunkSize: chunkBytes };

interface Bare {
  decodeSync(bytes: Uint8Array): Uint8Array;
  decoder(): zlib.Gunzip;
  encodeSync(bytes: Uint8Array): Uint8Array;
  encoder(): zlib.Gzip;
}

const bare: Readonly<Record<CodingName, Bare>> = {
  gzip: {
    decodeSync: (bytes) => zlib.gunzipSync(bytes, chunks),
    decoder: () => zlib.createGunzip(chunks),
    encodeSync: (bytes) => zlib.gzipSync(bytes, chunks),
    encoder: () => zlib.createGzip(chunks),
  },
  deflate: {
    decodeSync: (bytes) => zlib.inflateSync(bytes, chunks),
    decoder: () => zlib.createInflate(chunks),
    encodeSync: (bytes) => zlib.deflateSync(bytes, chunks),
    encoder: () => zlib.createDeflate(chunks),
  },
  br: {
    decodeSync: (bytes) => zlib.brotliDecompressSync(bytes, chunks),
    decoder: () => zlib.createBrotliDecompress(chunks),
    encodeSync: (bytes) => zlib.brotliCompressSync(bytes, { ...chunks, ...brotli }),
    encoder: () => zlib.createBrotliCompress({ ...chunks, ...brotli }),
  },
  zstd: {
    decodeSync: (bytes) => zlib.zstdDecompressSync(bytes, chunks),
    decoder: () => zlib.createZstdDecompress(chunks),
    encodeSync: (bytes) => zlib.zstdCompressSync(bytes, chunks),
    encoder: () => zlib.createZstdCompress(chunks),
  },
};

const body = sampleBody(8 * 1024 * 1024);
console.log("| coding | way    | ours MB/s | bare MB/s | ratio |");
console.log("| ------ | ------ | --------: | --------: | ----: |");
for (const coding of ["gzip", "deflate", "br", "zstd"] as const) {
  const { decodeSync, decoder, encodeSync, encoder } = bare[coding];
  const coded = encodeSync(body);
  await compare(coding, "decode", [
    async () => readAll(decodeStream(chunked(coded), [coding], limits)),
    async () => decodeSync(coded).length,
    () => pipeAll(decoder(), coded),
  ]);
  await compare(coding, "encode", [
    async () => readAll(encodeStream(chunked(body), [coding])),
    async () => encodeSync(body).length,
    () => pipeAll(encoder(), body),
  ]);
}

/** The contestants take turns, so that a busy machine disturbs them alike. */
async function compare(coding: string, way: string, contestants: readonly (() => Promise<number>)[]): Promise<void> {
  const durations: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, run] of contestants.entries()) {
      const started = performance.now();
      await run();
      durations[index]?.push(performance.now() - started);
    }
  }
  const [ours = 0, ...others] = durations.map((samples) => body.length / 1000 / medianOf(samples));
  const best = Math.max(...others);
  const cells = [coding.padEnd(6), way, ours.toFixed(0).padStart(9), best.toFixed(0).padStart(9)];
  console.log(`| ${cells.join(" | ")} | ${(ours / best).toFixed(2).padStart(5)} |`);
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

async function pipeAll(coder: zlib.Gunzip | zlib.Gzip, input: Uint8Array): Promise<number> {
  let bytes = 0;
  coder.on("data", (chunk: Uint8Array) => (bytes += chunk.length));
  const ended = Promise.withResolvers<void>();
  coder.on("end", ended.resolve);
  coder.on("error", ended.reject);
  for (let at = 0; at < input.length; at += chunkBytes) {
    if (coder.write(input.subarray(at, at + chunkBytes))) continue;
    await new Promise((resolve) => coder.once("drain", resolve));
  }
  coder.end();
  await ended.promise;
  return bytes;
}

function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(at, at + chunkBytes));
        at += chunkBytes;
      },
    },
    { highWaterMark: 0 },
  );
}

/** Rows as an API would list them; they pack about sixfold. */
function sampleBody(bytes: number): Buffer {
  const rows: string[] = [];
  let length = 0;
  let state = 1;
  for (let id = 0; length < bytes; id++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const row = `{"id":${id},"price":${state % 100_000},"name":"article ${state % 977}","stock":${(state >>> 8) % 50}},\n`;
    rows.push(row);
    length += row.length;
  }
  return Buffer.from(rows.join("")).subarray(0, bytes);
}
