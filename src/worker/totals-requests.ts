/** Asks the main thread for what all workers have counted: a worker by itself knows its own numbers only. */
import type { CollectTotals, SeriesTotal } from "../telemetry/recorder.ts";
import type { WorkerReport } from "./contract.ts";

export interface TotalsRequests {
  readonly collect: CollectTotals;
  /** What the main thread said to the request of this id. */
  answer(id: number, totals: readonly SeriesTotal[]): void;
}

export function createTotalsRequests(report: (message: WorkerReport) => void): TotalsRequests {
  const waiting = new Map<number, (totals: readonly SeriesTotal[]) => void>();
  let nextId = 0;
  return {
    collect(names) {
      const id = nextId++;
      const { promise, resolve } = Promise.withResolvers<readonly SeriesTotal[]>();
      waiting.set(id, resolve);
      report({ kind: "collect", id, names });
      return promise;
    },
    answer(id, totals) {
      waiting.get(id)?.(totals);
      waiting.delete(id);
    },
  };
}
