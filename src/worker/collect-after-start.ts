/** Gives back what a thread needed to start: idle, it would keep it, as no collector comes without allocations. */

/** Long after the first requests of a cold start were answered. */
const DELAY_MS = 1000;

/** Collects once. It keeps nobody from ending; on a thread that serves it takes a few milliseconds. */
export function collectAfterStart(): void {
  setTimeout(() => Bun.gc(true), DELAY_MS).unref();
}
