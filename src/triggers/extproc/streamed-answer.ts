/**
 * A function's `Response` sent piece by piece as StreamedImmediateResponse: Envoy becomes the origin of the response and
 * sends each piece on as it comes, e.g. server-sent events.
 */
import type { ReadableStreamDefaultReader } from "node:stream/web";
import { toBytes } from "../../function/body-pieces.ts";
import { ExchangeError } from "../../function/errors.ts";
import type { Frames } from "../../grpc/contract.ts";
import { ChunkList } from "./chunk-list.ts";
import { encodeStreamedAnswerBody } from "./wire/processing-response.ts";

const PIECE_BYTES = 64 * 1024;
const EMPTY: Uint8Array = new Uint8Array(0);

export type BodyReader = ReadableStreamDefaultReader<Uint8Array>;
type Read = Awaited<ReturnType<BodyReader["read"]>>;

/** What the first moment of a body brought. */
export interface BodyPeek {
  readonly reader: BodyReader;
  readonly chunks: readonly Uint8Array[];
  /** The read under way; null when the body has ended. */
  readonly pending: Promise<Read> | null;
}

/** Reads what is there at once, at most `maxBytes`: a body that ends with it needs no streaming. */
export async function peekBody(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<BodyPeek> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const later = new Promise<null>((resolve) => setImmediate(() => resolve(null)));
  for (;;) {
    const pending = reader.read();
    pending.catch(() => {}); // looked at by whoever goes on reading
    if (size > maxBytes) return { reader, chunks, pending };
    const read = await Promise.race([pending, later]);
    if (read === null) return { reader, chunks, pending };
    if (read.done) return { reader, chunks, pending: null };
    const bytes = toBytes(read.value);
    size += bytes.length;
    chunks.push(bytes);
  }
}

/** Waits for the chunk that is being read. */
export async function readOn(peek: BodyPeek): Promise<BodyPeek> {
  const { reader, chunks, pending } = peek;
  if (pending === null) return peek;
  const { done, value } = await pending;
  if (done) return { reader, chunks, pending: null };
  const next = reader.read();
  next.catch(() => {}); // looked at by whoever goes on reading
  return { reader, chunks: [...chunks, toBytes(value)], pending: next };
}

/** What came and what is still to come. @throws ExchangeError `BODY_TOO_LARGE` beyond `maxBytes`. */
export async function collectRest({ reader, chunks, pending }: BodyPeek, maxBytes: number): Promise<Uint8Array> {
  const all = new ChunkList();
  for (const chunk of chunks) all.push(chunk);
  let next = pending;
  while (next !== null) {
    const { done, value } = await next;
    if (done) break;
    all.push(toBytes(value));
    if (all.bytes > maxBytes) {
      reader.cancel().catch(() => {}); // its failure changes nothing: the error below is what counts
      throw new ExchangeError("BODY_TOO_LARGE", `the body given is longer than ${maxBytes} bytes`);
    }
    next = reader.read();
  }
  return all.join();
}

export class StreamedAnswer {
  readonly #send: (frame: Frames) => boolean;
  #writable: PromiseWithResolvers<void> | null = null;
  #reader: BodyReader | null = null;
  #stopped = false;

  /** `send` gives false when the peer takes no more for now. */
  constructor(send: (frame: Frames) => boolean) {
    this.#send = send;
  }

  /** Sends the body to its end. Rejects with what its stream rejects with. */
  async send({ reader, chunks, pending }: BodyPeek): Promise<void> {
    this.#reader = reader;
    for (const chunk of chunks) await this.#sendPieces(chunk);
    let next = pending;
    while (next !== null && !this.#stopped) {
      const { done, value } = await next;
      if (done) break;
      await this.#sendPieces(toBytes(value));
      next = reader.read();
      next.catch(() => {}); // looked at unless the client leaves meanwhile
    }
    if (!this.#stopped) this.#send(encodeStreamedAnswerBody(EMPTY, true));
  }

  onWritable(): void {
    this.#writable?.resolve();
    this.#writable = null;
  }

  /** The client is gone. */
  cancel(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.onWritable();
    this.#reader?.cancel(new Error("the client left")).catch(() => {}); // nobody reads what the stream does now
  }

  async #sendPieces(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#stopped; at += PIECE_BYTES) {
      if (this.#send(encodeStreamedAnswerBody(bytes.subarray(at, at + PIECE_BYTES), false))) continue;
      this.#writable ??= Promise.withResolvers();
      await this.#writable.promise;
    }
  }
}
