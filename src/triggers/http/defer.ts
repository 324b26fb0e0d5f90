/**
 * Starts functions outside of the runtime's own call for a request. A worker that is ended within that call, because its
 * function never stops, would answer the request with an empty success; so its connection is closed.
 */
import type { RequestHandler, RequestStart } from "./contract.ts";

interface Waiting {
  readonly request: Request;
  readonly resolve: (answer: Response | undefined) => void;
}

/** All requests of a turn of the event loop are begun together, at its end. */
export function deferred(start: RequestStart): RequestHandler {
  let waiting: Waiting[] = [];
  const begin = (): void => {
    const all = waiting;
    waiting = [];
    for (const { request, resolve } of all) start(request, resolve);
  };
  return (request) =>
    new Promise((resolve) => {
      if (waiting.push({ request, resolve }) === 1) setImmediate(begin);
    });
}
