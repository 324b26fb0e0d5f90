/**
 * Starts functions outside of the runtime's own call for a request. A worker that is ended within that call, because its
 * function never stops, would answer the request with an empty success; so its connection is closed.
 */
import type { RequestHandler } from "./contract.ts";

/** All requests of a turn of the event loop are begun together, at its end. */
export function deferred(handler: RequestHandler): RequestHandler {
  let waiting: (() => void)[] = [];
  const begin = (): void => {
    const all = waiting;
    waiting = [];
    for (const each of all) each();
  };
  return (request) =>
    new Promise((resolve) => {
      if (waiting.push(() => resolve(handler(request))) === 1) setImmediate(begin);
    });
}
