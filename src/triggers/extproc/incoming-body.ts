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

/** How what waits is given when the function asks for more: piece by piece as it came, or several in one. */
export type BodyPieces = "as-received" | "joined";

/** Nothing is asked of the proxy before the function reads. */
const NOTHING_AHEAD = { highWaterMark: 0 };
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

/** Its own underlying source, so that a body costs no closures. */
export class IncomingBody implements UnderlyingDefaultSource<Uint8Array> {
  readonly stream: ReadableStream<Uint8Array>;
  /** The function waits for bytes. */
  wanted = false;
  /** Nothing can be pushed any more: it ended, failed, or the function gave up reading. */
  over = false;
  readonly #listener: IncomingBodyListener;
  readonly #pieces: BodyPieces;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Given to the function, which has not asked for it yet; null while there was nothing of the kind. */
  #unread: ReceivedChunks | null = null;

  constructor(listener: IncomingBodyListener, pieces: BodyPieces) {
    this.#listener = listener;
    this.#pieces = pieces;
    this.stream = new BodyStream(this, NOTHING_AHEAD);
  }

  // For the stream.

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  pull(): void {
    if (this.#giveUnread() || this.wanted) return;
    this.wanted = true;
    this.#listener.bodyWanted();
  }

  cancel(): void {
    this.over = true;
    this.forget();
    this.#listener.bodyCancelled();
  }

  #giveUnread(): boolean {
    const bytes = this.#pieces === "joined" ? this.#unread?.shiftJoined(JOINED_BYTES) : this.#unread?.shift();
    if (bytes === undefined) return false;
    this.#controller?.enqueue(bytes);
    if (this.over && this.unreadBytes === 0) this.#controller?.close();
    return true;
  }

  // For the direction.

  /** Bytes the function was given and has not taken. */
  get unreadBytes(): number {
    return this.#unread === null ? 0 : this.#unread.bytes;
  }

  push(bytes: Uint8Array): void {
    if (this.over || bytes.length === 0) return;
    if (this.wanted && this.#pieces === "as-received") {
      this.wanted = false;
      this.#controller?.enqueue(bytes);
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
