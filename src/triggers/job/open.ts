/** An open job: calls the function when it is told to, and sees the call to its end. */
import { createEventMetrics, type EventMetrics } from "../../event/event-metrics.ts";
import type { EventFunction } from "../../function/event-function.ts";
import { openEventFunction } from "../../function/open-event-function.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { OpenTrigger, OpenTriggerConfig, RunAttempt, RunOutcome, TriggerHost } from "../contract.ts";
import { createPlannedEvent } from "../planned-event.ts";
import { callPlanned, type PlannedEnding } from "../planned-call.ts";
import type { JobAttributes } from "./attributes.ts";
import { assertWritable } from "./result-file.ts";
import { untilAborted } from "../until-aborted.ts";

export async function openJob(trigger: OpenTriggerConfig<JobAttributes>, host: TriggerHost): Promise<OpenTrigger> {
  const { attributes, name, kind } = trigger;
  const { log, eventTimeoutMs } = host;
  const { resultFile } = attributes;
  if (resultFile !== null && resultFile !== "-") {
    assertWritable(resultFile, `spec.triggers.${name}.attributes.resultFile`);
  }
  const opened = await openEventFunction(host.function, {
    log,
    metrics: host.metrics,
    collectTotals: host.collectTotals,
    trigger: { kind, name },
    workerId: String(host.workerIndex),
    numWorkers: 1,
    workerAvailabilityTimeoutMs: trigger.workerAvailabilityTimeoutMs,
    workerTerminationTimeoutMs: trigger.workerTerminationTimeoutMs,
    eventTimeoutMs,
    functionName: host.functionName,
    functionNamespace: host.functionNamespace,
  });
  const metrics = createEventMetrics(host.metrics, trigger, host.workerIndex);
  let running: { readonly cancelled: AbortController; readonly outcome: Promise<RunOutcome> } | null = null;
  return {
    address: null,
    get inFlight() {
      return running === null ? 0 : 1;
    },
    gracefulShutdownTimeoutMs: attributes.gracefulShutdownTimeoutMs,
    busyLimitMs: attributes.timeoutMs ?? eventTimeoutMs,
    async run(attempt) {
      const cancelled = new AbortController();
      const outcome = callOnce(opened, trigger, { log, metrics }, attempt, cancelled.signal);
      running = { cancelled, outcome };
      await outcome;
      running = null;
      return outcome;
    },
    async drain(deadline) {
      if (running === null) return;
      running.cancelled.abort(new Error("the processor ends"));
      await untilAborted(running.outcome, deadline);
    },
    close: () => opened.close(),
  };
}

async function callOnce(
  opened: EventFunction,
  { attributes, name, kind }: OpenTriggerConfig<JobAttributes>,
  { log, metrics }: { readonly log: Logger; readonly metrics: EventMetrics },
  { id, number }: RunAttempt,
  cancelled: AbortSignal,
): Promise<RunOutcome> {
  using timeout = startTimeout(attributes);
  const event = createPlannedEvent(attributes.event, attributes.comesFrom ?? { kind, name }, id, new Date());
  const call = { log: log.child({ event: id, attempt: number }), signal: AbortSignal.any([cancelled, timeout.signal]) };
  const startedAt = performance.now();
  const ending = await Promise.race([callPlanned(opened, event, call, metrics), timeout.overrun]);
  const { result, text } = ending;
  const outcome = { tookMs: performance.now() - startedAt, result };
  // Whatever the function gives after it was told to stop, its work may be half done.
  if (cancelled.aborted) return { ...outcome, kind: "cancelled", text };
  if (timeout.signal.aborted)
    return { ...outcome, kind: "failed", text: `it took longer than ${attributes.timeoutMs} ms` };
  return { ...outcome, kind: ending.succeeded ? "succeeded" : "failed", text };
}

interface Timeout extends Disposable {
  readonly signal: AbortSignal;
  /** Resolves when the function has not used its time to clean up either. */
  readonly overrun: Promise<PlannedEnding>;
}

function startTimeout({ timeoutMs, gracefulShutdownTimeoutMs }: JobAttributes): Timeout {
  const controller = new AbortController();
  const overrun = Promise.withResolvers<PlannedEnding>();
  let timer: Timer | undefined;
  if (timeoutMs !== null) {
    timer = setTimeout(() => {
      controller.abort(new DOMException(`the job takes longer than ${timeoutMs} ms`, "TimeoutError"));
      timer = setTimeout(() => {
        overrun.resolve({ succeeded: false, text: "it was cut off", result: null });
      }, gracefulShutdownTimeoutMs);
    }, timeoutMs);
  }
  return { signal: controller.signal, overrun: overrun.promise, [Symbol.dispose]: () => clearTimeout(timer) };
}
