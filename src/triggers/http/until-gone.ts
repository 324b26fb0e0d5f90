/** Answers nobody waits for any more. */

/**
 * Settles with `work`, or when the client is gone: the server would keep a promise that never settles, and the request
 * with it, for ever. Clients that leave early are noticed within two of these.
 */
export function untilGone<T>(work: Promise<T>, request: Request, gone: () => T): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const waiting: Waiting = { request, giveUp: () => resolve(gone()), generation: young };
  enter(waiting);
  work.then(
    (value) => {
      waiting.generation?.delete(waiting);
      resolve(value);
    },
    (error: unknown) => {
      waiting.generation?.delete(waiting);
      reject(error);
    },
  );
  return promise;
}

interface Waiting {
  readonly request: Request;
  giveUp(): void;
  /** Null: its client is watched. */
  generation: Set<Waiting> | null;
}

/**
 * The signal of a request costs about as much as everything else here together, so it is made only for answers that take
 * at least this long.
 */
const GENERATION_MS = 500;
let young = new Set<Waiting>();
let grown = new Set<Waiting>();
let timer: Timer | null = null;

function enter(waiting: Waiting): void {
  young.add(waiting);
  timer ??= setInterval(age, GENERATION_MS);
}

function age(): void {
  for (const waiting of grown) {
    waiting.generation = null;
    const { signal } = waiting.request;
    if (signal.aborted) waiting.giveUp();
    else signal.addEventListener("abort", () => waiting.giveUp(), { once: true });
  }
  grown = young;
  young = new Set();
  if (grown.size > 0 || timer === null) return;
  clearInterval(timer);
  timer = null;
}
