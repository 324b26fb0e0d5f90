/**
 * Watches over answers that are due: one timer looks at all exchanges in flight now and then, so that a message costs no
 * timer of its own. Answers are found overdue up to a twentieth of the timeout late.
 */
import type { ServedExchange } from "./service.ts";

const SWEEPS_PER_TIMEOUT = 20;
const FASTEST_MS = 5;
const SLOWEST_MS = 250;

/** Starts watching; the function returned stops it. */
export function startDeadlineSweep(sessions: Iterable<ServedExchange>, timeoutMs: number | null): () => void {
  const intervalMs = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, (timeoutMs ?? Infinity) / SWEEPS_PER_TIMEOUT));
  const timer = setInterval(() => {
    const now = performance.now();
    for (const session of sessions) session.checkDeadline(now);
  }, intervalMs);
  return () => clearInterval(timer);
}
