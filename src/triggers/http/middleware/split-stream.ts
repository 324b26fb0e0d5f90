/** One body read twice: by the function, and by whoever it goes on to. */

export interface SplitStream {
  /** For the function. */
  readonly observed: ReadableStream<Uint8Array>;
  /** Goes on. */
  readonly forwarded: ReadableStream<Uint8Array>;
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

/**
 * The source is read when either side asks. What waits for the slower side is bounded: beyond `maxWaitingBytes` the
 * function's side fails, and the source is read no faster than the other takes it.
 */
export function splitStream(source: ReadableStream<Uint8Array>, maxWaitingBytes: number): SplitStream {
  const reader = source.getReader();
  const sides = new Set<Side>();
  let reading: Promise<void> | null = null;
  const read = async (): Promise<void> => {
    try {
      const { done, value } = await reader.read();
      for (const side of sides) side.take(done ? null : value);
    } catch (error) {
      for (const side of sides) side.fail(error);
    }
    reading = null;
  };
  const pull = (): Promise<void> => (reading ??= read());
  const leave = async (side: Side, reason: unknown): Promise<void> => {
    sides.delete(side);
    if (sides.size === 0) await reader.cancel(reason);
  };
  const open = (side: Side): ReadableStream<Uint8Array> => {
    sides.add(side);
    return side.open(pull, (reason) => leave(side, reason));
  };
  const forwarded = new Side();
  const observed = new Side(maxWaitingBytes);
  return { observed: open(observed), forwarded: open(forwarded) };
}

class Side {
  readonly #maxWaitingBytes: number;
  #controller: Controller | null = null;
  #waitingBytes = 0;

  constructor(maxWaitingBytes = Infinity) {
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  open(pull: () => Promise<void>, cancel: (reason: unknown) => Promise<void>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#waitingBytes = 0;
          return pull();
        },
        cancel,
      },
      { highWaterMark: 0 },
    );
  }

  /** Null: the end. */
  take(chunk: Uint8Array | null): void {
    if (chunk === null) {
      this.#controller?.close();
      return;
    }
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes > this.#maxWaitingBytes) {
      this.fail(new RangeError(`more than ${this.#maxWaitingBytes} bytes of the body wait to be read`));
    } else this.#controller?.enqueue(chunk);
  }

  fail(error: unknown): void {
    this.#controller?.error(error);
    this.#controller = null;
  }
}
