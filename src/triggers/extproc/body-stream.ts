/** A body as functions read it: a ReadableStream that is iterated without the runtime's machinery. */
import type {
  ReadableStreamAsyncIterator,
  ReadableStreamDefaultReader,
  ReadableStreamIteratorOptions,
  UnderlyingDefaultSource,
} from "node:stream/web";

type Piece = IteratorResult<Uint8Array, undefined>;

/** Where the bytes come from: of the stream when it is read, of `next` when it is iterated. */
export interface BodySource extends UnderlyingDefaultSource<Uint8Array> {
  /** The stream gave nothing to a reader yet, and holds nothing for one. */
  readonly isFresh: boolean;
  /** The next piece, past the stream, to whoever holds its lock. */
  next(): Promise<Piece>;
}

/** Nothing is asked of the source before somebody reads. */
const NOTHING_AHEAD = { highWaterMark: 0 };

/**
 * As every ReadableStream, but `for await` takes the pieces from the source itself. One that was iterated to its end stays
 * locked: there is nothing in it to read any more.
 */
export class BodyStream extends ReadableStream<Uint8Array> {
  readonly #source: BodySource;

  constructor(source: BodySource) {
    super(source, NOTHING_AHEAD);
    this.#source = source;
  }

  override values(options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<Uint8Array> {
    const reader = this.getReader();
    return new BodyIterator(reader, this.#source.isFresh ? this.#source : null, options?.preventCancel === true);
  }

  override [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<Uint8Array> {
    return this.values(options);
  }
}

class BodyIterator implements ReadableStreamAsyncIterator<Uint8Array> {
  /** Holds the lock. */
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Null: a reader before this one may have left something in the stream. */
  readonly #source: BodySource | null;
  readonly #preventCancel: boolean;
  #left = false;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, source: BodySource | null, preventCancel: boolean) {
    this.#reader = reader;
    this.#source = source;
    this.#preventCancel = preventCancel;
  }

  next(): Promise<Piece> {
    if (this.#left) return Promise.resolve(end());
    return this.#source === null ? (this.#reader.read() as Promise<Piece>) : this.#source.next();
  }

  /** The loop was left early: nobody reads on, unless `preventCancel` says that somebody will. */
  async return(): Promise<Piece> {
    if (this.#left) return end();
    this.#left = true;
    const cancelled = this.#preventCancel ? undefined : this.#reader.cancel();
    this.#reader.releaseLock();
    await cancelled;
    return end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

function end(): Piece {
  return { done: true, value: undefined };
}
