/**
 * Content codings of HTTP bodies (RFC 9110 8.4): gzip (also "x-gzip"), deflate, br and zstd, stacked up to four deep.
 * Codings are listed in the order they were applied, as `content-encoding` has them. An empty body is legal under any
 * coding and stays empty both ways.
 */

/** What a body may cost while it is decoded. Enforced on the way: nothing is decoded much beyond them. */
export interface DecodeLimits {
  /** Longest decoded body, in bytes. Holds for each step of stacked codings. */
  readonly maxBytes: number;
  /** Most decoded bytes for one received byte, over all codings together, once more than 1 MiB is decoded. */
  readonly maxExpansionRatio: number;
}

export interface EncodeOptions {
  /**
   * "each-chunk": a receiver can decode every chunk as soon as it is sent; for events, at some cost of size. "end"
   * (default): coded bytes are sent when there are enough of them.
   */
  readonly flush?: "each-chunk" | "end";
}

/**
 * - `too-large`: decodes to more than the limits allow.
 * - `truncated`: ends before the coding says so.
 * - `trailing-data`: goes on behind the end of the coding. Members or frames in sequence are one body.
 * - `undecodable`: breaks the rules of its coding, e.g. starts with another magic number.
 * - `unknown-coding`: a coding not listed above, or more than four.
 */
export type CodingFailure = "too-large" | "truncated" | "trailing-data" | "undecodable" | "unknown-coding";

/** Why a body cannot be decoded or encoded. The message names the coding, and the limit where one was exceeded. */
export class CodingError extends Error {
  override readonly name = "CodingError";
  readonly code: CodingFailure;
  constructor(code: CodingFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type DecodeResult =
  { readonly body: Uint8Array } | { readonly failure: CodingFailure; readonly message: string };

/** Undoes all codings of a whole body. Never rejects. Without codings the result is `body` itself. */
export type DecodeBody = (body: Uint8Array, codings: readonly string[], limits: DecodeLimits) => Promise<DecodeResult>;

/**
 * Undoes all codings of a stream, chunk by chunk. What is left to read of the source is bounded by what the consumer
 * asks for; cancelling the result cancels the source. Ends in a `CodingError` and cancels the source when the bytes are
 * broken or exceed a limit: a body cut short never looks complete.
 * @throws CodingError `unknown-coding`, at once.
 */
export type DecodeStream = (
  stream: ReadableStream<Uint8Array>,
  codings: readonly string[],
  limits: DecodeLimits,
) => ReadableStream<Uint8Array>;

/** Applies all codings to a whole body. "deflate" is written in the zlib format, as RFC 9110 8.4.1.2 has it.
 * @throws CodingError `unknown-coding`. */
export type EncodeBody = (body: Uint8Array, codings: readonly string[]) => Promise<Uint8Array>;

/**
 * Applies all codings to a stream, chunk by chunk; back-pressure and cancellation as in `DecodeStream`.
 * @throws CodingError `unknown-coding`, at once.
 */
export type EncodeStream = (
  stream: ReadableStream<Uint8Array>,
  codings: readonly string[],
  options?: EncodeOptions,
) => ReadableStream<Uint8Array>;
