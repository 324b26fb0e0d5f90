/** Decodes the content codings of a whole body (RFC 9110 section 8.4) within limits. */
import * as zlib from "node:zlib";

export interface DecodeLimits {
  /** Longest decoded body, in bytes. */
  readonly maxBytes: number;
  /** Most bytes one coded byte may become, once the decoded body exceeds 1 MiB. */
  readonly maxExpansionRatio: number;
}

export type DecodeResult =
  | { readonly body: Uint8Array }
  | { readonly failure: "too-large" | "undecodable" | "unknown-coding"; readonly message: string };

const RATIO_FREE_BYTES = 1_048_576;
/** Codings in one field; more than a chain of gateways would ever stack. */
const MAX_CODINGS = 4;
/** Up to this size decoding at once costs less than handing it to another thread. */
const SYNC_BYTES = 32 * 1024;

type Options = { maxOutputLength: number };
interface Coding {
  sync(bytes: Uint8Array, options: Options): Uint8Array;
  async(bytes: Uint8Array, options: Options, done: (error: Error | null, result: Uint8Array) => void): void;
}

const gzip: Coding = { sync: zlib.gunzipSync, async: zlib.gunzip };
const zlibDeflate: Coding = { sync: zlib.inflateSync, async: zlib.inflate };
const rawDeflate: Coding = { sync: zlib.inflateRawSync, async: zlib.inflateRaw };
const brotli: Coding = { sync: zlib.brotliDecompressSync, async: zlib.brotliDecompress };
const zstd: Coding = { sync: zlib.zstdDecompressSync, async: zlib.zstdDecompress };

/** The codings named by a `content-encoding` value, in the order they were applied; "identity" and empty members left out. */
export function parseContentEncoding(value: string | null): string[] {
  if (value === null) return [];
  return value
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
}

/** Undoes all codings, last applied first. An empty body stays empty whatever its codings say. */
export async function decodeBody(
  body: Uint8Array,
  codings: readonly string[],
  limits: DecodeLimits,
): Promise<DecodeResult> {
  if (codings.length > MAX_CODINGS) {
    return { failure: "unknown-coding", message: `content-encoding names ${codings.length} codings` };
  }
  let bytes = body;
  for (const name of codings.toReversed()) {
    if (bytes.length === 0) break;
    const coding = codingFor(name, bytes);
    if (coding === null) return { failure: "unknown-coding", message: `content-encoding "${name}" is not supported` };
    const byRatio = Math.max(RATIO_FREE_BYTES, bytes.length * limits.maxExpansionRatio);
    const options = { maxOutputLength: Math.min(limits.maxBytes, byRatio) };
    try {
      bytes = await decode(coding, bytes, options);
    } catch (error) {
      return describe(error, name, options.maxOutputLength, limits);
    }
  }
  return { body: bytes };
}

function decode(coding: Coding, bytes: Uint8Array, options: Options): Uint8Array | Promise<Uint8Array> {
  if (bytes.length <= SYNC_BYTES) return coding.sync(bytes, options);
  return new Promise((resolve, reject) => {
    coding.async(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function codingFor(name: string, bytes: Uint8Array): Coding | null {
  switch (name) {
    case "gzip":
    case "x-gzip":
      return gzip;
    case "deflate":
      return hasZlibHeader(bytes) ? zlibDeflate : rawDeflate;
    case "br":
      return brotli;
    case "zstd":
      return zstd;
    default:
      return null;
  }
}

/** "deflate" is the zlib format (RFC 9110 section 8.4.1.2), yet bare deflate streams are sent under its name too. */
function hasZlibHeader(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}

function describe(error: unknown, coding: string, reached: number, limits: DecodeLimits): DecodeResult {
  if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
    const limit =
      reached === limits.maxBytes ? `${limits.maxBytes} bytes` : `${limits.maxExpansionRatio} times what was sent`;
    return { failure: "too-large", message: `the body decoded of ${coding} is larger than ${limit}` };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { failure: "undecodable", message: `the body is not valid ${coding}: ${reason}` };
}
