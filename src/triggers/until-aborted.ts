/** Waiting that a drain's deadline ends. */

/** Resolves with `promise` or as soon as `signal` aborts. */
export async function untilAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  await Promise.race([promise, aborted(signal)]);
}

/** Resolves after `ms`, at once when it is 0, or as soon as `signal` aborts. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return ms === 0 ? Promise.resolve() : untilAborted(Bun.sleep(ms), signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
