/** The bytes of a request's body behind its content coding, as express's body parsers undo it. */
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { EventRequest } from "./request.ts";

/** A body that cannot be read; `status` is what HTTP calls that. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 413 | 415;
  constructor(status: 400 | 413 | 415, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** @throws BodyError when the coding is unknown, broken, or makes more than `maxBytes` of the body */
export function decodeContent(request: EventRequest, body: Uint8Array, maxBytes: number): Buffer {
  const coding = request.get("content-encoding")?.toLowerCase() ?? "identity";
  if (coding === "identity" || body.byteLength === 0) return Buffer.from(body);
  const decode = DECODERS[coding];
  if (decode === undefined) throw new BodyError(415, `the content encoding "${coding}" is not supported`);
  try {
    return decode(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    const what = tooLarge ? `makes more than the ${maxBytes} bytes a body may have` : "is broken";
    throw new BodyError(tooLarge ? 413 : 400, `the body's content encoding "${coding}" ${what}`, { cause });
  }
}

const DECODERS: Readonly<Record<string, (body: Uint8Array, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** @throws BodyError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BodyError(400, `the body is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** In the charset the content type names; UTF-8 when it names none. */
export function decodeText(request: EventRequest, bytes: Buffer): string {
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.get("content-type") ?? "") ?? [];
  try {
    return new TextDecoder(charset as "utf-8").decode(bytes);
  } catch (cause) {
    throw new BodyError(415, `the charset "${charset}" is not supported`, { cause });
  }
}
