/**
 * Answers that are still being made. The runtime keeps a promise that never settles, and the request with it, for ever: when
 * the client is gone, its promise is settled here. To listen for that costs more than a quick answer does, so only
 * answers that take long are listened for.
 */

type Answer = Response | undefined;

export class PendingAnswers {
  readonly #oldest: Pending = new Pending(null, () => {});
  readonly #timer: Timer;

  /** @param patienceMs After it an answer takes long. */
  constructor(patienceMs = 500) {
    this.#timer = setInterval(() => this.#watchOld(performance.now() - patienceMs), patienceMs);
  }

  /**
   * Resolves with what one of the functions makes of `work`, which must not throw; with an answer nobody sees when the
   * client is gone before.
   */
  settle<T>(
    request: Request,
    work: Promise<T>,
    fulfilled: (value: T) => Answer,
    rejected: (error: unknown) => Answer,
    resolve: (answer: Answer) => void,
  ): void {
    const pending = new Pending(request, resolve);
    pending.insertBefore(this.#oldest);
    work.then(
      (value) => {
        pending.remove();
        resolve(fulfilled(value));
      },
      (error: unknown) => {
        pending.remove();
        resolve(rejected(error));
      },
    );
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #watchOld(before: number): void {
    for (let pending = this.#oldest.next; pending.startedAt < before;) {
      const { next } = pending;
      pending.remove();
      pending.watch();
      pending = next;
    }
  }
}

/** A link of a ring, oldest first; its head is younger than everything. */
class Pending {
  readonly startedAt: number;
  readonly #request: Request | null;
  readonly #resolve: (answer: Answer) => void;
  #previous: Pending = this;
  next: Pending = this;

  constructor(request: Request | null, resolve: (answer: Answer) => void) {
    this.startedAt = request === null ? Infinity : performance.now();
    this.#request = request;
    this.#resolve = resolve;
  }

  insertBefore(head: Pending): void {
    this.#previous = head.#previous;
    this.next = head;
    head.#previous.next = this;
    head.#previous = this;
  }

  /** A second time does nothing. */
  remove(): void {
    this.#previous.next = this.next;
    this.next.#previous = this.#previous;
    this.#previous = this;
    this.next = this;
  }

  watch(): void {
    const signal = this.#request?.signal;
    if (signal === undefined) return;
    const resolve = this.#resolve;
    const leave = (): void => resolve(new Response(null, { status: 499 }));
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  }
}
