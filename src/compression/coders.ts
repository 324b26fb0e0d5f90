/**
 * The runtime's own coders, one row a format. Streaming ones work on the runtime's thread pool, so a long body keeps no
 * event loop waiting.
 */
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { CodingName } from "./content-encoding.ts";

/** A coder fed with chunks. It takes no input behind the end of its format: `bytesWritten` then stays behind. */
export type StreamCoder = Transform & zlib.Zlib;

/** "deflate" is the zlib format; bare deflate streams, sent under the same name by some, are "deflate-raw". */
export type Format = CodingName | "deflate-raw";

interface WholeOptions {
  readonly chunkSize: number;
  readonly maxOutputLength?: number;
  readonly finishFlush?: number;
}
interface WholeCoder {
  sync(bytes: Uint8Array, options: WholeOptions): Uint8Array;
  async(bytes: Uint8Array, options: WholeOptions, done: (error: Error | null, result: Uint8Array) => void): void;
}

const { constants } = zlib;

const CHUNK_BYTES = 65_536;
/** In object mode a read gives one chunk instead of joining all; two are made ahead. */
const STREAMING = { chunkSize: CHUNK_BYTES, readableObjectMode: true, readableHighWaterMark: 2 };
/** Larger windows would let a small body claim 128 MiB; RFC 9659 caps them at 8 MiB for HTTP. */
const ZSTD_WINDOW = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };
/** The default of 11 takes a second for a megabyte; 5 packs better than gzip in about its time. */
const BROTLI_QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

const DECODERS: Readonly<Record<Format, WholeCoder & { stream(): StreamCoder }>> = {
  gzip: { sync: zlib.gunzipSync, async: zlib.gunzip, stream: () => zlib.createGunzip(STREAMING) },
  deflate: { sync: zlib.inflateSync, async: zlib.inflate, stream: () => zlib.createInflate(STREAMING) },
  "deflate-raw": { sync: zlib.inflateRawSync, async: zlib.inflateRaw, stream: () => zlib.createInflateRaw(STREAMING) },
  br: {
    sync: zlib.brotliDecompressSync,
    async: zlib.brotliDecompress,
    stream: () => zlib.createBrotliDecompress(STREAMING),
  },
  zstd: {
    sync: (bytes, options) => zlib.zstdDecompressSync(bytes, { ...options, ...ZSTD_WINDOW }),
    async: (bytes, options, done) => zlib.zstdDecompress(bytes, { ...options, ...ZSTD_WINDOW }, done),
    stream: () => zlib.createZstdDecompress({ ...STREAMING, ...ZSTD_WINDOW }),
  },
};

const ENCODERS: Readonly<Record<CodingName, WholeCoder & { stream(): StreamCoder; readonly flush: number }>> = {
  gzip: {
    sync: zlib.gzipSync,
    async: zlib.gzip,
    stream: () => zlib.createGzip(STREAMING),
    flush: constants.Z_SYNC_FLUSH,
  },
  deflate: {
    sync: zlib.deflateSync,
    async: zlib.deflate,
    stream: () => zlib.createDeflate(STREAMING),
    flush: constants.Z_SYNC_FLUSH,
  },
  br: {
    sync: (bytes, options) => zlib.brotliCompressSync(bytes, { ...options, ...BROTLI_QUALITY }),
    async: (bytes, options, done) => zlib.brotliCompress(bytes, { ...options, ...BROTLI_QUALITY }, done),
    stream: () => zlib.createBrotliCompress({ ...STREAMING, ...BROTLI_QUALITY }),
    flush: constants.BROTLI_OPERATION_FLUSH,
  },
  zstd: {
    sync: zlib.zstdCompressSync,
    async: zlib.zstdCompress,
    stream: () => zlib.createZstdCompress(STREAMING),
    flush: constants.ZSTD_e_flush,
  },
};

/** What a body under that name really is; `beginning` is its first bytes, two if it has as many. */
export function formatOf(coding: CodingName, beginning: Uint8Array): Format {
  return coding === "deflate" && !hasZlibHeader(beginning) ? "deflate-raw" : coding;
}

/** Enough to tell whether bytes are what a coding makes. */
const BEGINNING_BYTES = 4096;
const BEGINNING_OUTPUT_BYTES = 1024 * 1024;

/** Whether a body can be what this coding makes. @param isWhole else only its beginning is given. */
export function looksCoded(body: Uint8Array, coding: CodingName, isWhole: boolean): boolean {
  const isCut = !isWhole || body.length > BEGINNING_BYTES;
  const options = {
    chunkSize: CHUNK_BYTES,
    maxOutputLength: BEGINNING_OUTPUT_BYTES,
    ...(isCut && { finishFlush: flushKind(coding) }),
  };
  try {
    DECODERS[formatOf(coding, body)].sync(body.subarray(0, BEGINNING_BYTES), options);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
  }
}

export function openDecoder(format: Format): StreamCoder {
  return DECODERS[format].stream();
}

export function openEncoder(coding: CodingName): StreamCoder {
  return ENCODERS[coding].stream();
}

/** What `flush` of an encoder takes so that everything written so far can be decoded. */
export function flushKind(coding: CodingName): number {
  return ENCODERS[coding].flush;
}

/** Up to this size coding at once costs less than handing it to another thread. */
const SYNC_BYTES = 32 * 1024;

export interface WholeDecoded {
  readonly bytes: Uint8Array;
  /** How much of the input the format covers. */
  readonly taken: number;
}

/** @throws Error `ERR_BUFFER_TOO_LARGE` beyond `maxOutputLength`, and those of `isTruncation` and other broken bytes. */
export async function decodeWhole(bytes: Uint8Array, format: Format, maxOutputLength: number): Promise<WholeDecoded> {
  // Fewer and larger pieces need less joining; few bodies expand more than eightfold.
  const options = { chunkSize: clampChunk(bytes.length * 8), maxOutputLength, info: true };
  const result: unknown = await codeWhole(DECODERS[format], bytes, options);
  const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }; // by `info`
  return { bytes: buffer, taken: engine.bytesWritten };
}

export async function encodeWhole(bytes: Uint8Array, coding: CodingName): Promise<Uint8Array> {
  return codeWhole(ENCODERS[coding], bytes, { chunkSize: clampChunk(bytes.length) });
}

function codeWhole(coder: WholeCoder, bytes: Uint8Array, options: WholeOptions): Uint8Array | Promise<Uint8Array> {
  if (bytes.length <= SYNC_BYTES) return coder.sync(bytes, options);
  return new Promise((resolve, reject) => {
    coder.async(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function clampChunk(bytes: number): number {
  return Math.min(Math.max(bytes, 1024), 1_048_576);
}

/** "deflate" is the zlib format (RFC 9110 8.4.1.2), whose first two bytes are a multiple of 31 (RFC 1950 2.2). */
function hasZlibHeader([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}
