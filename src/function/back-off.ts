/** How long to wait before a lost worker is replaced. */

export interface BackOff {
  /** Delay in ms before the next start, after a thread that served for `servedMs` (null: it never became ready). */
  next(servedMs: number | null): number;
}

/** A worker that served this long did not die of its start. */
const soundMs = 1000;
const firstDelayMs = 100;
/** Workers that do serve between two deaths come back sooner than those that cannot start at all. */
const longestAfterServingMs = 1000;
const longestAfterFailedStartMs = 2000;

/** The first replacement is immediate; only deaths in quick succession wait, doubling each time. */
export function createBackOff(): BackOff {
  let quickDeaths = 0;
  return {
    next(servedMs) {
      quickDeaths = servedMs !== null && servedMs >= soundMs ? 1 : quickDeaths + 1;
      if (quickDeaths === 1) return 0;
      const longest = servedMs === null ? longestAfterFailedStartMs : longestAfterServingMs;
      return Math.min(longest, firstDelayMs * 2 ** Math.min(quickDeaths - 2, 20));
    },
  };
}
