/** The worker threads of the data plane: as many as the triggers ask for, each replaced when it dies or hangs. */
import type { ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import type { MetricsRecorder } from "../telemetry/recorder.ts";
import { workerLosses, workersReady } from "../telemetry/metrics.ts";
import type { MetricTotals } from "../telemetry/totals.ts";
import type { TriggerKind } from "../triggers/contract.ts";
import type { FunctionReport, StartProblem, TriggerReport, WorkerTrigger } from "../worker/contract.ts";
import { createBackOff } from "./back-off.ts";
import { StartError } from "./start-error.ts";
import { startWorkerThread, type ThreadEnd, type WorkerThread } from "./worker-thread.ts";

export interface PoolOptions {
  readonly config: ProcessorConfig;
  readonly kinds: readonly TriggerKind[];
  /** The main module. */
  readonly entry: URL;
  /** Environment of the workers, `spec.env` included. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFormat: "console" | "json";
  readonly logColours: boolean;
  readonly log: Logger;
  readonly metrics: MetricsRecorder;
  readonly totals: MetricTotals;
}

export interface WorkerStatus {
  readonly index: number;
  readonly state: "starting" | "ready" | "waiting" | "stopped";
  /** How often it was replaced. */
  readonly replacements: number;
  readonly function: FunctionReport | null;
  readonly triggers: readonly TriggerReport[];
}

export interface WorkerPool {
  /** Resolves when all workers serve; rejects with a `StartError` when one cannot. */
  start(): Promise<void>;
  /** Makes all workers publish their metrics. */
  publish(): Promise<void>;
  /** Resolves when nothing is in flight any more, with the number of exchanges cut off. */
  drain(): Promise<number>;
  stop(): Promise<void>;
  status(): readonly WorkerStatus[];
}

/** Loading that takes longer is worth a line in the log. */
const slowLoadMs = 5000;

/** How many workers the triggers need, and which trigger opens in which of them. */
export function assignTriggers(config: ProcessorConfig, kinds: readonly TriggerKind[]): readonly WorkerTrigger[][] {
  const counts = config.triggers.map((trigger) => {
    const placement = kinds.find((kind) => kind.kind === trigger.kind)?.placement;
    return placement === "one-worker" ? 1 : Math.max(1, trigger.numWorkers);
  });
  return Array.from({ length: Math.max(1, ...counts) }, (_, index) =>
    config.triggers.flatMap((trigger, position) => {
      const workerCount = counts[position] ?? 1;
      return index < workerCount ? [{ config: trigger, workerCount }] : [];
    }),
  );
}

export function createWorkerPool(options: PoolOptions): WorkerPool {
  for (const cause of ["start", "exit", "error", "hang"] satisfies ThreadEnd["cause"][]) {
    options.metrics.number(workerLosses, [cause]);
  }
  const slots = assignTriggers(options.config, options.kinds).map(
    (triggers, index) => new WorkerSlot(options, triggers, index),
  );
  return {
    async start() {
      const starts = slots.map((slot) => slot.start());
      await Promise.all(starts);
    },
    async publish() {
      await Promise.all(slots.map((slot) => slot.publish()));
    },
    async drain() {
      const cut = await Promise.all(slots.map((slot) => slot.drain()));
      return cut.reduce((sum, count) => sum + count, 0);
    },
    async stop() {
      await Promise.all(slots.map((slot) => slot.stop()));
    },
    status: () => slots.map((slot) => slot.status),
  };
}

/** One place in the pool: a thread, and after it the next one. */
class WorkerSlot {
  readonly #options: PoolOptions;
  readonly #triggers: readonly WorkerTrigger[];
  readonly #index: number;
  readonly #backOff = createBackOff();
  #thread: WorkerThread | null = null;
  #status: WorkerStatus;
  /** Draining or stopped: what dies now is not replaced. */
  #leaving = false;

  constructor(options: PoolOptions, triggers: readonly WorkerTrigger[], index: number) {
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
    if (end.cause !== "stopped") throw new StartError(describeEnd(end));
  }

  async publish(): Promise<void> {
    if (this.#status.state === "ready") await this.#thread?.publish();
  }

  async drain(): Promise<number> {
    this.#leaving = true;
    const cut = this.#status.state === "ready" ? await this.#thread?.drain() : 0;
    await this.stop();
    return cut ?? 0;
  }

  async stop(): Promise<void> {
    this.#leaving = true;
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
      start: {
        index: this.#index,
        functionName: config.name,
        functionNamespace: config.namespace,
        function: config.function,
        triggers: this.#triggers,
        log: {
          level: config.log.level,
          format: this.#options.logFormat,
          colours: this.#options.logColours,
        },
      },
    });
    this.#thread = thread;
    return thread;
  }

  async #whenReady(thread: WorkerThread): Promise<boolean> {
    const impatience = setTimeout(() => {
      const message = `worker ${this.#index} is still loading the function: does a top-level await not settle?`;
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

  #report(end: Exclude<ThreadEnd, { cause: "stopped" }>): void {
    this.#options.metrics.number(workerLosses, [end.cause]).value++;
    const { code, setting, message } = describeEnd(end);
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

function describeEnd(end: Exclude<ThreadEnd, { cause: "stopped" }>): StartProblem {
  switch (end.cause) {
    case "start":
      return end.problem;
    case "hang": {
      const busy = `kept its thread busy for ${(end.silentMs / 1000).toFixed(1)} s without a pause`;
      if (end.loading) return { code: "HANG", setting: null, message: `the function ${busy} while it was loaded` };
      return { code: "HANG", setting: "spec.hangTimeout", message: `the function ${busy} (spec.hangTimeout)` };
    }
    case "exit": {
      const message = end.code === null ? "the thread ended" : `the function called process.exit(${end.code})`;
      return { code: "EXIT", setting: null, message };
    }
    case "error": {
      const text = end.error instanceof Error ? end.error.message : Bun.inspect(end.error);
      return { code: "ERROR", setting: null, message: `the thread died: ${text}` };
    }
  }
}
