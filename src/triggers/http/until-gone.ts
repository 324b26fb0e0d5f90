/** Answers nobody waits for any more. */

/**
 * Settles with `work`, or at once when the client is gone: the server would keep a promise that never settles, and the
 * request with it, for ever.
 */
export function untilGone<T>(work: Promise<T>, signal: AbortSignal, gone: () => T): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  work.then(resolve, reject);
  if (signal.aborted) resolve(gone());
  else signal.addEventListener("abort", () => resolve(gone()), { once: true });
  return promise;
}
