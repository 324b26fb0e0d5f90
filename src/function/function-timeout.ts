/** The time one call of a Kubeless or Kyma function may take. */

/** `FUNC_TIMEOUT` of both systems, in seconds. */
const DEFAULT_SECONDS = 180;

/**
 * `FUNC_TIMEOUT` in seconds goes before `spec.eventTimeout`; 180 s when neither is given, and 0 (none) for a job, which
 * has a `timeout` of its own. What is no positive number counts as not given.
 */
export function functionTimeoutMs(
  environment: Readonly<Record<string, string | undefined>>,
  eventTimeoutMs: number,
  triggerKind = "http",
): number {
  const seconds = Number(environment["FUNC_TIMEOUT"] || Number.NaN);
  if (Number.isFinite(seconds) && seconds > 0) return Math.min(seconds * 1000, LONGEST_TIMER_MS);
  if (eventTimeoutMs > 0) return eventTimeoutMs;
  return triggerKind === "job" ? 0 : DEFAULT_SECONDS * 1000;
}

/** Timers beyond it fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
