/** The three series of Kubeless: calls, failures and durations, by module and HTTP method. */
import { METHODS } from "node:http";
import { kubelessCalls, kubelessDuration, kubelessFailures } from "../../telemetry/metrics.ts";
import type { HistogramCell, MetricsRecorder, NumberCell } from "../../telemetry/recorder.ts";

export interface CallMetrics {
  /** Counts a call; what it returns counts its end, once. */
  begin(method: string): (hasFailed: boolean) => void;
}

export function createCallMetrics(recorder: MetricsRecorder, module: string): CallMetrics {
  const cells = new Map<string, MethodCells>();

  function cellsOf(method: string): MethodCells {
    const known = cells.get(method);
    if (known !== undefined) return known;
    // Clients choose the method: what HTTP does not know must not make series without end.
    const labels = [`${module}-${METHODS.includes(method) ? method : "OTHER"}`];
    const made: MethodCells = {
      calls: recorder.number(kubelessCalls, labels),
      failures: recorder.number(kubelessFailures, labels),
      duration: recorder.histogram(kubelessDuration, labels),
    };
    if (METHODS.includes(method)) cells.set(method, made);
    return made;
  }

  return {
    begin(method) {
      const { calls, failures, duration } = cellsOf(method);
      const startedAt = performance.now();
      calls.value++;
      return (hasFailed) => {
        duration.observe((performance.now() - startedAt) / 1000);
        if (hasFailed) failures.value++;
      };
    },
  };
}

interface MethodCells {
  readonly calls: NumberCell;
  readonly failures: NumberCell;
  readonly duration: HistogramCell;
}
