/** Counts the events of a trigger, as every trigger that is no proxy does. */
import * as metrics from "../telemetry/metrics.ts";
import type { MetricsRecorder, NumberCell } from "../telemetry/recorder.ts";
import type { TriggerInfo } from "./contract.ts";

export interface EventMetrics {
  /**
   * @param succeeded The function gave a result that is none of 5xx.
   * @param durationMs Null for what never reached the function.
   */
  ended(succeeded: boolean, durationMs: number | null): void;
}

export function createEventMetrics(
  recorder: MetricsRecorder,
  { kind, name }: TriggerInfo,
  workerIndex: number,
): EventMetrics {
  const labels = [kind, name];
  const success = recorder.number(metrics.handledEvents, [...labels, "success"]);
  const failure = recorder.number(metrics.handledEvents, [...labels, "failure"]);
  const worker = [...labels, String(workerIndex)];
  const sumMs: NumberCell = recorder.number(metrics.handledEventsDurationSum, worker);
  const count: NumberCell = recorder.number(metrics.handledEventsDurationCount, worker);
  return {
    ended(succeeded, durationMs) {
      if (succeeded) success.value++;
      else failure.value++;
      if (durationMs === null) return;
      sumMs.value += durationMs;
      count.value++;
    },
  };
}
