/** The body of a response that a handler gives piece by piece. */
import type { Channel } from "./channel.ts";

/** A reader that is behind by more than this keeps the handler from going on. */
const AHEAD_BYTES = 256 * 1024;

export class StreamedBody {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #channel: Channel;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  /** @param onCancel Nobody reads it any more. */
  constructor(channel: Channel, onCancel: () => void) {
    this.#channel = channel;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => channel.resume(),
        cancel: () => {
          this.#controller = null;
          channel.resume();
          onCancel();
        },
      },
      { highWaterMark: AHEAD_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  push(chunk: Uint8Array): void {
    if (this.#controller === null || chunk.byteLength === 0) return;
    this.#controller.enqueue(chunk);
    if ((this.#controller.desiredSize ?? 1) <= 0) this.#channel.pause();
  }

  end(): void {
    this.#channel.resume();
    this.#controller?.close();
    this.#controller = null;
  }

  fail(reason: Error): void {
    this.#channel.resume();
    this.#controller?.error(reason);
    this.#controller = null;
  }
}
