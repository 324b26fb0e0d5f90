/** Body bytes on their way from the proxy to a function that reads them as a stream. */
import type { UnderlyingDefaultSource } from "node:stream/web";
import { BodyStream } from "./body-stream.ts";
import { ReceivedChunks } from "./received-chunks.ts";

/** What is told as the function reads. */
export interface IncomingBodyListener {
  /** The function wants more than it was given; all it was given before has been taken. */
  bodyWanted(): void;
  /** The function gave up reading. */
  bodyCancelled(): void;
}

/** Nothing is asked of the proxy before the function reads. */
const NOTHING_AHEAD = { highWaterMark: 0 };

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

/** Its own underlying source, so that a body costs no closures. */
export class IncomingBody implements UnderlyingDefaultSource<Uint8Array> {
  readonly stream: ReadableStream<Uint8Array>;
  /** The function waits for bytes. */
  wanted = false;
  /** Nothing can be pushed any more: it ended, failed, or the function gave up reading. */
  over = false;
  readonly #listener: IncomingBodyListener;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Given to the function, which has not asked for it yet; null while there was nothing of the kind. */
  #unread: ReceivedChunks | null = null;

  constructor(listener: IncomingBodyListener) {
    this.#listener = listener;
    this.stream = new BodyStream(this, NOTHING_AHEAD);
  }

  // For the stream.

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  pull(): void {
    const bytes = this.#unread?.shift();
    if (bytes !== undefined) {
      this.#controller?.enqueue(bytes);
      if (this.over && this.unreadBytes === 0) this.#controller?.close();
    } else if (!this.wanted) {
      this.wanted = true;
      this.#listener.bodyWanted();
    }
  }

  cancel(): void {
    this.over = true;
    this.forget();
    this.#listener.bodyCancelled();
  }

  // For the direction.

  /** Bytes the function was given and has not taken. */
  get unreadBytes(): number {
    return this.#unread === null ? 0 : this.#unread.bytes;
  }

  push(bytes: Uint8Array): void {
    if (this.over || bytes.length === 0) return;
    if (this.wanted) {
      this.wanted = false;
      this.#controller?.enqueue(bytes);
    } else (this.#unread ??= new ReceivedChunks()).push(bytes);
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

  /** Nobody will ask for what is unread. */
  forget(): void {
    this.#unread?.clear();
  }

  /** The stream ends behind what was pushed. */
  end(): void {
    if (this.over) return;
    this.over = true;
    if (this.unreadBytes === 0) this.#controller?.close();
  }

  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.forget();
    this.#controller?.error(error);
  }
}
