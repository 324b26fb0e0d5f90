/**
 * One timer for many waits of the same length: entries expire in the order they came, so only the oldest is watched.
 * Adding and removing cost a set operation, no timer.
 */

export interface Deadlines<T extends object> {
  /** Starts the wait of `item` anew. */
  add(item: T): void;
  remove(item: T): void;
  close(): void;
}

/** @param expired called once for each item whose wait was not ended by `remove` within `delayMs`. */
export function createDeadlines<T extends object>(delayMs: number, expired: (item: T) => void): Deadlines<T> {
  const waiting = new Map<T, number>();
  let timer: Timer | null = null;

  function sweep(): void {
    timer = null;
    const now = performance.now();
    for (const [item, due] of waiting) {
      if (due > now) {
        timer = setTimeout(sweep, due - now);
        return;
      }
      waiting.delete(item);
      expired(item);
    }
  }

  return {
    add(item) {
      waiting.delete(item);
      waiting.set(item, performance.now() + delayMs);
      timer ??= setTimeout(sweep, delayMs);
    },
    remove(item) {
      waiting.delete(item);
    },
    close() {
      waiting.clear();
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
