/** What a trigger has done so far, as the admin server shows it. */
import * as metrics from "../telemetry/metrics.ts";
import type { MetricDefinition } from "../telemetry/recorder.ts";
import type { SeriesTotal } from "../telemetry/recorder.ts";

export interface TriggerStats {
  readonly eventsHandledSuccessTotal: number;
  readonly eventsHandledFailureTotal: number;
  readonly handledEventsDurationMillisecondsSum: number;
  readonly handledEventsDurationMillisecondsCount: number;
  readonly exchangesInFlight: number;
  /** By outcome. */
  readonly exchanges: Readonly<Record<string, number>>;
  /** By phase. */
  readonly messages: Readonly<Record<string, number>>;
  /** By reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly earlyCloses: number;
  readonly http2Connections: number;
}

export function collectTriggerStats(totals: readonly SeriesTotal[], trigger: string): TriggerStats {
  function collect(definition: MetricDefinition, label: string): Record<string, number> {
    const sums: Record<string, number> = {};
    const triggerIndex = definition.labels.indexOf("trigger_id");
    const labelIndex = definition.labels.indexOf(label);
    for (const total of totals) {
      if (total.definition.name !== definition.name || total.labels[triggerIndex] !== trigger) continue;
      const key = total.labels[labelIndex] ?? "";
      sums[key] = (sums[key] ?? 0) + (total.values[0] ?? 0);
    }
    return sums;
  }
  const sum = (definition: MetricDefinition): number => collect(definition, "trigger_id")[trigger] ?? 0;
  const handled = collect(metrics.handledEvents, "result");
  return {
    eventsHandledSuccessTotal: handled["success"] ?? 0,
    eventsHandledFailureTotal: handled["failure"] ?? 0,
    handledEventsDurationMillisecondsSum: sum(metrics.handledEventsDurationSum),
    handledEventsDurationMillisecondsCount: sum(metrics.handledEventsDurationCount),
    exchangesInFlight: sum(metrics.exchangesInFlight),
    exchanges: collect(metrics.exchanges, "outcome"),
    messages: collect(metrics.messages, "phase"),
    failures: collect(metrics.failures, "reason"),
    earlyCloses: sum(metrics.earlyCloses),
    http2Connections: sum(metrics.http2Connections),
  };
}
