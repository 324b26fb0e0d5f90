/** An open cron trigger: calls the function whenever it is due, and says in the log what became of every time. */
import { createEventMetrics, type EventMetrics } from "../../event/event-metrics.ts";
import type { EventFunction } from "../../function/event-function.ts";
import { openEventFunction } from "../../function/open-event-function.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { OpenTrigger, OpenTriggerConfig, TriggerHost } from "../contract.ts";
import { createPlannedEvent } from "../planned-event.ts";
import { callPlanned } from "../planned-call.ts";
import type { CronAttributes } from "./attributes.ts";
import { addKubelessHeaders } from "./kubeless-headers.ts";
import { startTicker, type Tick } from "./ticker.ts";
import { createClock } from "./timing.ts";

/** With `Allow`: a function that never settles must not fill the memory. */
const mostRunning = 100;

export async function openCron(trigger: OpenTriggerConfig<CronAttributes>, host: TriggerHost): Promise<OpenTrigger> {
  const { attributes, name, kind } = trigger;
  const opened = await openEventFunction(host.function, {
    log: host.log,
    metrics: host.metrics,
    collectTotals: host.collectTotals,
    trigger: { kind, name },
    workerId: String(host.workerIndex),
    numWorkers: trigger.numWorkers,
    workerAvailabilityTimeoutMs: trigger.workerAvailabilityTimeoutMs,
    workerTerminationTimeoutMs: trigger.workerTerminationTimeoutMs,
    eventTimeoutMs: host.eventTimeoutMs,
    functionName: host.functionName,
    functionNamespace: host.functionNamespace,
  });
  const runs = new CronRuns(trigger, opened, host);
  const ticker = startTicker(createClock(attributes.timing, host.startedAt), (tick) => runs.begin(tick));
  const next = ticker.next === null ? "never" : new Date(ticker.next).toISOString();
  host.log.info({ next }, `cron "${name}": first due ${next}`);
  return {
    address: null,
    get inFlight() {
      return runs.inFlight;
    },
    gracefulShutdownTimeoutMs: attributes.gracefulShutdownTimeoutMs,
    async drain(deadline) {
      ticker.stop();
      await runs.finish(deadline);
    },
    async close() {
      ticker.stop();
      await opened.close();
    },
  };
}

interface Run {
  readonly due: number;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

class CronRuns {
  readonly #trigger: OpenTriggerConfig<CronAttributes>;
  readonly #function: EventFunction;
  readonly #log: Logger;
  readonly #metrics: EventMetrics;
  readonly #kubeless: boolean;
  readonly #running = new Set<Run>();
  /** The last time that was skipped because a run was under way. */
  #heldUp: number | null = null;
  #finishing = false;

  constructor(trigger: OpenTriggerConfig<CronAttributes>, opened: EventFunction, host: TriggerHost) {
    this.#trigger = trigger;
    this.#function = opened;
    this.#log = host.log;
    this.#metrics = createEventMetrics(host.metrics, trigger, host.workerIndex);
    this.#kubeless = host.function.contract === "kubeless";
  }

  get inFlight(): number {
    return this.#running.size;
  }

  begin({ due, missed }: Tick): void {
    const { startingDeadlineMs } = this.#trigger.attributes;
    if (missed > 0) {
      const { name } = this.#trigger;
      this.#log.warn({ missed }, `cron "${name}": ${missed} runs were missed while the processor stood still`);
    }
    const lateMs = Date.now() - due;
    if (startingDeadlineMs !== null && lateMs > startingDeadlineMs) {
      this.#skip(due, `it is ${lateMs} ms late (startingDeadlineSeconds)`);
    } else if (this.#makeRoom(due)) this.#start(due);
  }

  /** Resolves when nothing runs any more; what does at the deadline is told to stop. */
  async finish(deadline: AbortSignal): Promise<void> {
    this.#finishing = true;
    const cutOff = Promise.withResolvers<void>();
    deadline.addEventListener("abort", () => {
      for (const { controller, due } of this.#running) {
        controller.abort(new Error("the processor ends"));
        this.#skip(due, "it was cut off by the end of the processor", "cancelled");
      }
      cutOff.resolve();
    });
    await Promise.race([Promise.all([...this.#running].map(({ ended }) => ended)), cutOff.promise]);
  }

  /** Whether the run may begin beside, or instead of, those that have not ended. */
  #makeRoom(due: number): boolean {
    const [oldest] = this.#running;
    if (oldest === undefined) return true;
    const { concurrencyPolicy, startingDeadlineMs } = this.#trigger.attributes;
    switch (concurrencyPolicy) {
      case "Allow":
        if (this.#running.size < mostRunning) return true;
        this.#skip(due, `${mostRunning} others still run`);
        return false;
      case "Replace":
        for (const { controller } of this.#running) controller.abort(new Error("the next run is due"));
        this.#running.clear();
        return true;
      case "Forbid":
        if (startingDeadlineMs !== null) {
          if (this.#heldUp !== null) this.#skip(this.#heldUp, "a later one waits for the same run to end");
          this.#heldUp = due;
          return false;
        }
        this.#skip(due, `the one due ${time(oldest.due)} still runs (concurrencyPolicy Forbid)`);
        return false;
    }
  }

  #start(due: number): void {
    const controller = new AbortController();
    const ended = this.#call(due, controller.signal).then(() => {
      this.#running.delete(run);
      if (this.#heldUp === null || this.#finishing) return;
      const tick = { due: this.#heldUp, missed: 0 };
      this.#heldUp = null;
      this.begin(tick);
    });
    const run: Run = { due, controller, ended };
    this.#running.add(run);
  }

  async #call(due: number, signal: AbortSignal): Promise<void> {
    const { name, kind, attributes } = this.#trigger;
    const id = crypto.randomUUID();
    const planned = createPlannedEvent(attributes.event, { kind, name }, id, new Date(due));
    const event = this.#kubeless ? addKubelessHeaders(planned) : planned;
    const startedAt = performance.now();
    const lateMs = Math.max(0, Date.now() - due);
    const ending = await callPlanned(
      this.#function,
      event,
      { log: this.#log.child({ event: id }), signal },
      this.#metrics,
    );
    const tookMs = Math.round(performance.now() - startedAt);
    const outcome = signal.aborted ? "cancelled" : ending.succeeded ? "succeeded" : "failed";
    const fields = { event: id, due: time(due), lateMs, tookMs, outcome, status: ending.result?.status };
    const text = `cron "${name}" due ${time(due)} ${outcome} after ${tookMs} ms: ${ending.text}`;
    if (outcome === "failed") this.#log.error(fields, text);
    else if (outcome === "cancelled") this.#log.warn(fields, text);
    else this.#log.info(fields, text);
  }

  #skip(due: number, reason: string, outcome = "skipped"): void {
    const { name } = this.#trigger;
    this.#log.warn({ due: time(due), outcome }, `cron "${name}" due ${time(due)} ${outcome}: ${reason}`);
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
