/** One place in the worker pool: a thread, and after its death the next one. */
import type { ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import { workerLosses, workersReady } from "../telemetry/metrics.ts";
import type { LogStream } from "../telemetry/open-log.ts";
import type { CollectTotals, MetricsRecorder } from "../telemetry/recorder.ts";
import type { MetricTotals } from "../telemetry/totals.ts";
import type { RunAttempt, RunOutcome } from "../triggers/contract.ts";
import type { FunctionReport, TriggerReport, WorkerTrigger } from "../worker/contract.ts";
import { createBackOff } from "../function/back-off.ts";
import { isPython } from "../function/python/locate.ts";
import { describeThreadEnd } from "./describe-thread-end.ts";
import { StartError } from "./start-error.ts";
import { startWorkerThread, type ThreadLoss, type WorkerThread } from "./worker-thread.ts";

/** What all workers of a pool share. */
export interface SlotOptions {
  readonly config: ProcessorConfig;
  /** The main module. */
  readonly entry: URL;
  /** Environment of the workers, `spec.env` included. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFormat: "console" | "json";
  readonly logColours: boolean;
  readonly logStream: LogStream;
  readonly log: Logger;
  readonly metrics: MetricsRecorder;
  readonly totals: MetricTotals;
  /** Has all workers publish first. */
  readonly collectTotals: CollectTotals;
}

export interface WorkerStatus {
  readonly index: number;
  readonly state: "starting" | "ready" | "waiting" | "stopped";
  /** How often it was replaced. */
  readonly replacements: number;
  readonly function: FunctionReport | null;
  readonly triggers: readonly TriggerReport[];
}

/** Loading that takes longer is worth a line in the log. */
const slowLoadMs = 5000;

export class WorkerSlot {
  readonly #options: SlotOptions;
  readonly #triggers: readonly WorkerTrigger[];
  readonly #index: number;
  readonly #backOff = createBackOff();
  #thread: WorkerThread | null = null;
  #status: WorkerStatus;
  /** Pending while a lost thread has no successor yet. */
  #launched = Promise.withResolvers<void>();
  /** Draining or stopped: what dies now is not replaced. */
  #leaving = false;

  constructor(options: SlotOptions, triggers: readonly WorkerTrigger[], index: number) {
    this.#options = options;
    this.#triggers = triggers;
    this.#index = index;
    this.#status = { index, state: "stopped", replacements: 0, function: null, triggers: [] };
  }

  get status(): WorkerStatus {
    return this.#status;
  }

  /** Rejects with a `StartError` when the first thread does not get to serve; later ones are tried again and again. */
  async start(): Promise<void> {
    const thread = this.#launch();
    const ready = await this.#whenReady(thread);
    if (ready) {
      void this.#supervise(thread, performance.now());
      return;
    }
    this.#update({ state: "stopped" });
    const end = await thread.ended;
    if (end.cause !== "stopped") throw new StartError(describeThreadEnd(end));
  }

  async publish(): Promise<void> {
    if (this.#status.state === "ready") await this.#thread?.publish();
  }

  /**
   * Has the trigger do its work as soon as a thread serves. An attempt whose thread is lost, or that waits for a thread
   * which does not get to serve, has failed.
   */
  async run(trigger: string, attempt: RunAttempt): Promise<RunOutcome> {
    await this.#launched.promise;
    const thread = this.#thread;
    if (thread === null || this.#leaving) return { kind: "cancelled", text: "not begun", tookMs: 0, result: null };
    const startedAt = performance.now();
    const outcome = (await thread.ready) === null ? null : await thread.run(trigger, attempt);
    if (outcome !== null) return outcome;
    const tookMs = performance.now() - startedAt;
    const end = await thread.ended;
    if (end.cause === "stopped") return { kind: "cancelled", text: "cut off", tookMs, result: null };
    return { kind: "failed", text: describeThreadEnd(end).message, tookMs, result: null };
  }

  async drain(): Promise<number> {
    this.#leaving = true;
    const cut = this.#status.state === "ready" ? await this.#thread?.drain() : 0;
    await this.stop();
    return cut ?? 0;
  }

  async stop(): Promise<void> {
    this.#leaving = true;
    this.#launched.resolve();
    await this.#thread?.stop();
    this.#update({ state: "stopped" });
  }

  #launch(): WorkerThread {
    const { config } = this.#options;
    this.#update({ state: "starting" });
    const thread = startWorkerThread({
      entry: this.#options.entry,
      env: this.#options.env,
      hangTimeoutMs: config.hangTimeoutMs,
      totals: this.#options.totals,
      collectTotals: this.#options.collectTotals,
      start: {
        index: this.#index,
        functionName: config.name,
        functionNamespace: config.namespace,
        startedAt: Math.round(performance.timeOrigin),
        eventTimeoutMs: config.eventTimeoutMs,
        function: config.function,
        triggers: this.#triggers,
        log: {
          level: config.log.level,
          format: this.#options.logFormat,
          colours: this.#options.logColours,
          stream: this.#options.logStream,
        },
      },
    });
    this.#thread = thread;
    this.#launched.resolve();
    return thread;
  }

  async #whenReady(thread: WorkerThread): Promise<boolean> {
    const impatience = setTimeout(() => {
      const cause = isPython(this.#options.config.function)
        ? "do its imports or init_context take this long?"
        : "does a top-level await not settle?";
      const message = `worker ${this.#index} is still loading the function: ${cause}`;
      this.#options.log.warn({ worker: this.#index }, message);
    }, slowLoadMs);
    const report = await thread.ready;
    clearTimeout(impatience);
    if (report === null) return false;
    this.#update({ state: "ready", function: report.function, triggers: report.triggers });
    return true;
  }

  async #supervise(first: WorkerThread, firstReadyAt: number): Promise<void> {
    let thread = first;
    let readyAt: number | null = firstReadyAt;
    for (;;) {
      const end = await thread.ended;
      if (end.cause === "stopped") return;
      this.#update({ state: "waiting" });
      this.#launched = Promise.withResolvers<void>();
      this.#report(end);
      const delayMs = this.#backOff.next(readyAt === null ? null : performance.now() - readyAt);
      if (delayMs > 0) await Bun.sleep(delayMs);
      if (this.#leaving) return;
      thread = this.#launch();
      this.#update({ replacements: this.#status.replacements + 1 });
      const startedAt = performance.now();
      readyAt = (await this.#whenReady(thread)) ? performance.now() : null;
      if (readyAt === null) continue;
      const readyInMs = Math.round(readyAt - startedAt);
      this.#options.log.info({ worker: this.#index, readyInMs }, `worker ${this.#index} serves again`);
    }
  }

  #report(end: ThreadLoss): void {
    this.#options.metrics.number(workerLosses, [end.cause]).value++;
    const { code, setting, message } = describeThreadEnd(end);
    const fields = {
      worker: this.#index,
      cause: end.cause,
      exchangesLost: end.lost,
      code,
      setting: setting ?? undefined,
    };
    const error = end.cause === "error" ? { err: end.error } : {};
    const loss = end.lost === 1 ? "1 exchange" : `${end.lost} exchanges`;
    const next = this.#leaving ? "" : "; it is replaced";
    this.#options.log.error({ ...fields, ...error }, `worker ${this.#index} lost with ${loss}: ${message}${next}`);
  }

  #update(change: Partial<WorkerStatus>): void {
    const before = this.#status.state;
    this.#status = { ...this.#status, ...change };
    const now = this.#status.state;
    const ready = this.#options.metrics.number(workersReady, []);
    if (before !== "ready" && now === "ready") ready.value++;
    if (before === "ready" && now !== "ready") ready.value--;
  }
}
