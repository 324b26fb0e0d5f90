/** Messages between a call that pushes and a handler that pulls. */

/** A queue with one consumer. It ends after the messages pushed before `close`; `fail` drops what waits. */
export class MessageQueue<T> implements AsyncIterableIterator<T, undefined> {
  #waiting: T[] = [];
  #end: { readonly error: Error | null } | null = null;
  #consumer: PromiseWithResolvers<void> | null = null;
  readonly #onEmpty: () => void;

  /** `onEmpty` is called whenever the consumer takes the last message. */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(message: T): void {
    if (this.#end !== null) return;
    this.#waiting.push(message);
    this.#wake();
  }

  close(): void {
    this.#end ??= { error: null };
    this.#wake();
  }

  fail(error: Error): void {
    this.#waiting = [];
    this.#end ??= { error };
    this.#wake();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#waiting.length > 0) {
        const [message] = this.#waiting.splice(0, 1) as [T];
        if (this.#waiting.length === 0) this.#onEmpty();
        return { done: false, value: message };
      }
      if (this.#end?.error) throw this.#end.error;
      if (this.#end !== null) return { done: true, value: undefined };
      this.#consumer ??= Promise.withResolvers<void>();
      await this.#consumer.promise;
    }
  }

  /** The consumer wants no more. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#waiting = [];
    this.close();
    this.#onEmpty();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    this.#consumer?.resolve();
    this.#consumer = null;
  }
}
