/** Work for the next turn of the event loop: one immediate for all of a turn, as each costs what a small answer does. */

let waiting: (() => void)[] = [];

/** Calls `callback` in the next turn. One that throws keeps no other from being called. */
export function inNextTurn(callback: () => void): void {
  if (waiting.push(callback) === 1) setImmediate(callAll);
}

function callAll(): void {
  const callbacks = waiting;
  waiting = [];
  for (const callback of callbacks) {
    try {
      callback();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
