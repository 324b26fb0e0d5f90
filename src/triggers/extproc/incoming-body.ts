/** Body bytes on their way from the proxy to a function that reads them as a stream. */
import { type BodySource, BodyStream } from "./body-stream.ts";
import { ReceivedChunks } from "./received-chunks.ts";

/** What is told as the function reads. */
export interface IncomingBodyListener {
  /** The function wants more than it was given; all it was given before has been taken. */
  bodyWanted(): void;
  /** The function gave up reading. */
  bodyCancelled(): void;
}

/** How what waits is given when the function asks for more: piece by piece as it came, or several in one. */
export type BodyPieces = "as-received" | "joined";

const JOINED_BYTES = 64 * 1024;

/** A body that is read whole, as a stream: read when the stream is. */
export function streamOf(read: () => Promise<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const bytes = await read();
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

const END: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined };

/** Its own underlying source, so that a body costs no closures. */
export class IncomingBody implements BodySource {
  readonly stream: ReadableStream<Uint8Array>;
  isFresh = true;
  /** The function waits for bytes. */
  wanted = false;
  /** The function has begun to read. */
  isAsked = false;
  /** Nothing can be pushed any more: it ended, failed, or the function gave up reading. */
  over = false;
  readonly #listener: IncomingBodyListener;
  readonly #pieces: BodyPieces;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Given to the function, which has not asked for it yet; null while there was nothing of the kind. */
  #unread: ReceivedChunks | null = null;
  /** The iteration waits for a piece. */
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(listener: IncomingBodyListener, pieces: BodyPieces) {
    this.#listener = listener;
    this.#pieces = pieces;
    this.stream = new BodyStream(this);
  }

  // For the stream.

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  pull(): void {
    this.isFresh = false;
    this.#want();
  }

  /** As `pull`, for who iterates: nothing goes through the stream. */
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#waiting !== null) return this.#waiting.promise.then(() => this.next());
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    if (!this.hasRest) return Promise.resolve(END);
    const { promise } = (this.#waiting = Promise.withResolvers());
    this.#want();
    return promise;
  }

  #want(): void {
    this.isAsked = true;
    if (this.#giveUnread() || this.wanted) return;
    this.wanted = true;
    this.#listener.bodyWanted();
  }

  cancel(): void {
    this.over = true;
    this.#unread?.clear();
    this.#endIteration();
    this.#listener.bodyCancelled();
  }

  #giveUnread(): boolean {
    const bytes = this.#pieces === "joined" ? this.#unread?.shiftJoined(JOINED_BYTES) : this.#unread?.shift();
    if (bytes === undefined) return false;
    this.#give(bytes);
    if (this.over && this.unreadBytes === 0) this.#controller?.close();
    return true;
  }

  #give(bytes: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting === null) return this.#controller?.enqueue(bytes);
    this.#waiting = null;
    waiting.resolve({ done: false, value: bytes });
  }

  #endIteration(): void {
    this.#waiting?.resolve(END);
    this.#waiting = null;
  }

  // For the direction.

  /** Bytes the function was given and has not taken. */
  get unreadBytes(): number {
    return this.#unread === null ? 0 : this.#unread.bytes;
  }

  /** There is, or may come, something to read. */
  get hasRest(): boolean {
    return !this.over || this.unreadBytes > 0;
  }

  push(bytes: Uint8Array): void {
    if (this.over || bytes.length === 0) return;
    if (this.wanted && this.#pieces === "as-received") {
      this.wanted = false;
      this.#give(bytes);
      return;
    }
    (this.#unread ??= new ReceivedChunks()).push(bytes);
    if (!this.wanted) return;
    this.wanted = false;
    queueMicrotask(() => this.#giveUnread()); // with what else the same read brought
  }

  /** What is read whole is what the stream gives, too. */
  giveWhole(whole: Promise<Uint8Array>): void {
    whole.then(
      (bytes) => {
        this.push(bytes);
        this.end();
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** The stream ends behind what was pushed. */
  end(): void {
    if (this.over) return;
    this.over = true;
    if (this.unreadBytes > 0) return;
    this.#controller?.close();
    this.#endIteration();
  }

  /** Nothing more comes; what came before the end was pushed can still be read. */
  fail(error: unknown): void {
    if (!this.over) this.cut(error);
  }

  /** What is unread is given to nobody any more. */
  cut(error: unknown): void {
    if (!this.hasRest) return;
    this.over = true;
    this.#unread?.clear();
    this.#failure = { error };
    this.#controller?.error(error);
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
