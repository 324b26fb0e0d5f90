/** The counters of one extproc trigger, taken once so that counting is adding to a cell. */
import * as metrics from "../../telemetry/metrics.ts";
import type { HistogramCell, MetricsRecorder, NumberCell } from "../../telemetry/recorder.ts";
import { Phase } from "./wire/processing-request.ts";

/** How an exchange ended. */
export const outcomes = [
  /** Every phase the proxy sent was answered. */
  "completed",
  /** Ended by us before the proxy's last phase: the function was done. */
  "closed_early",
  /** The client got the function's own answer. */
  "answered",
  /** The function failed and `onError` decided. */
  "failed",
  /** The proxy gave up while an answer was due. */
  "cancelled",
  /** The proxy ended it while the function still waited for the response. */
  "incomplete",
  /** It began with the response and the function did not run. */
  "without_request",
] as const;
export type Outcome = (typeof outcomes)[number];

const phaseNames: readonly (readonly [Phase, string])[] = [
  [Phase.REQUEST_HEADERS, "request_headers"],
  [Phase.REQUEST_BODY, "request_body"],
  [Phase.REQUEST_TRAILERS, "request_trailers"],
  [Phase.RESPONSE_HEADERS, "response_headers"],
  [Phase.RESPONSE_BODY, "response_body"],
  [Phase.RESPONSE_TRAILERS, "response_trailers"],
];

export function phaseName(phase: Phase): string {
  return phaseNames.find(([number]) => number === phase)?.[1] ?? "none";
}

export class ExtprocMetrics {
  readonly inFlight: NumberCell;
  readonly #outcomes: Readonly<Record<Outcome, NumberCell>>;
  readonly #earlyCloses: NumberCell;
  readonly #succeeded: NumberCell;
  readonly #failed: NumberCell;
  readonly #durationSumMs: NumberCell;
  readonly #durationCount: NumberCell;
  /** By phase number. */
  readonly #messages: NumberCell[] = [];
  readonly #messageSeconds: HistogramCell[] = [];
  readonly #recorder: MetricsRecorder;
  readonly #triggerName: string;

  constructor(recorder: MetricsRecorder, triggerName: string, workerIndex: number) {
    this.#recorder = recorder;
    this.#triggerName = triggerName;
    const outcomeCell = (outcome: Outcome) => recorder.number(metrics.exchanges, [triggerName, outcome]);
    const outcomeCells = outcomes.map((name) => [name, outcomeCell(name)]);
    this.#outcomes = Object.fromEntries(outcomeCells) as Record<Outcome, NumberCell>;
    this.inFlight = recorder.number(metrics.exchangesInFlight, [triggerName]);
    this.#earlyCloses = recorder.number(metrics.earlyCloses, [triggerName]);
    const labels = ["extproc", triggerName];
    this.#succeeded = recorder.number(metrics.handledEvents, [...labels, "success"]);
    this.#failed = recorder.number(metrics.handledEvents, [...labels, "failure"]);
    this.#durationSumMs = recorder.number(metrics.handledEventsDurationSum, [...labels, String(workerIndex)]);
    this.#durationCount = recorder.number(metrics.handledEventsDurationCount, [...labels, String(workerIndex)]);
    for (let phase: number = Phase.NONE; phase <= Phase.RESPONSE_TRAILERS; phase++) {
      const name = phaseName(phase as Phase);
      this.#messages.push(recorder.number(metrics.messages, [triggerName, name]));
      this.#messageSeconds.push(recorder.histogram(metrics.messageDuration, [triggerName, name]));
    }
  }

  received(phase: Phase): void {
    const cell = this.#messages[phase];
    if (cell !== undefined) cell.value++;
  }

  /** `ms` is the time from the phase's arrival to its answer. */
  answered(phase: Phase, ms: number): void {
    this.#durationSumMs.value += ms;
    this.#messageSeconds[phase]?.observe(ms / 1000);
  }

  ended(outcome: Outcome): void {
    this.inFlight.value--;
    this.#outcomes[outcome].value++;
    this.#durationCount.value++;
    if (outcome === "failed") this.#failed.value++;
    else this.#succeeded.value++;
    if (outcome === "closed_early") this.#earlyCloses.value++;
  }

  /** True the first time: worth a line in the log. */
  firstWithoutRequest(): boolean {
    return this.#outcomes.without_request.value === 0;
  }

  failure(reason: string): void {
    this.#recorder.number(metrics.failures, [this.#triggerName, reason]).value++;
  }
}
