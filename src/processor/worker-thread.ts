/** One worker thread from its start to its end, seen from the main thread. */
import { Worker } from "node:worker_threads";
import { createSharedNumbers } from "../telemetry/cells.ts";
import { exchangesInFlight } from "../telemetry/metrics.ts";
import type { CollectTotals } from "../telemetry/recorder.ts";
import type { MetricSource, MetricTotals } from "../telemetry/totals.ts";
import type { RunAttempt, RunOutcome } from "../triggers/contract.ts";
import {
  ControlWord,
  type StartProblem,
  type WorkerCommand,
  type WorkerReport,
  type WorkerStart,
} from "../worker/contract.ts";
import { chooseBeatInterval, type HangWatch, watchBeats } from "./hang-watch.ts";

export type ReadyReport = Extract<WorkerReport, { kind: "ready" }>;

/** Why a thread is no more. `lost` is the number of exchanges that were in flight on it. */
export type ThreadEnd = { readonly lost: number } & (
  | { readonly cause: "start"; readonly problem: StartProblem }
  | { readonly cause: "exit"; readonly code: number | null }
  | { readonly cause: "error"; readonly error: unknown }
  | { readonly cause: "hang"; readonly silentMs: number; /** Before it was ready. */ readonly loading: boolean }
  | { readonly cause: "stopped" }
);

/** Every end but the one we asked for. */
export type ThreadLoss = Exclude<ThreadEnd, { cause: "stopped" }>;

export interface WorkerThread {
  /** Null when the thread ended before it was ready. */
  readonly ready: Promise<ReadyReport | null>;
  readonly ended: Promise<ThreadEnd>;
  /** Makes the thread publish its metrics; gives up when it does not answer in time. */
  publish(): Promise<void>;
  /** Has the trigger do its work; null when the thread ended first. One at a time for each trigger. */
  run(trigger: string, attempt: RunAttempt): Promise<RunOutcome | null>;
  /** Resolves with the number of exchanges cut off; null when the thread ended first. */
  drain(): Promise<number | null>;
  stop(): Promise<ThreadEnd>;
}

export interface WorkerThreadOptions {
  /** The main module. */
  readonly entry: URL;
  readonly start: Omit<WorkerStart, "control" | "numbers" | "beatIntervalMs">;
  readonly env: Readonly<Record<string, string>>;
  readonly hangTimeoutMs: number;
  readonly totals: MetricTotals;
  readonly collectTotals: CollectTotals;
}

/** Modules may take this long to load without the event loop turning once. */
const loadSilenceMs = 10_000;
/** A thread in native code ends only after it; its successor does not wait longer than this. */
const terminatePatienceMs = 100;
const publishPatienceMs = 250;

export function startWorkerThread(options: WorkerThreadOptions): WorkerThread {
  return new Thread(options);
}

class Thread implements WorkerThread {
  readonly ready: Promise<ReadyReport | null>;
  readonly ended: Promise<ThreadEnd>;
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #source: MetricSource;
  readonly #watch: HangWatch;
  readonly #hangTimeoutMs: number;
  readonly #collectTotals: CollectTotals;
  readonly #resolveReady: (report: ReadyReport | null) => void;
  readonly #resolveEnded: (end: ThreadEnd) => void;
  readonly #drained = Promise.withResolvers<number | null>();
  readonly #running = new Map<string, (outcome: RunOutcome | null) => void>();
  readonly #published = new Map<number, () => void>();
  #publishId = 0;
  #loading = true;
  #over = false;
  #error: { readonly value: unknown } | null = null;

  constructor(options: WorkerThreadOptions) {
    const ready = Promise.withResolvers<ReadyReport | null>();
    const ended = Promise.withResolvers<ThreadEnd>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    this.#resolveReady = ready.resolve;
    this.#resolveEnded = ended.resolve;
    this.#hangTimeoutMs = options.hangTimeoutMs;
    this.#collectTotals = options.collectTotals;
    const numbers = createSharedNumbers();
    this.#source = options.totals.addSource(numbers);
    const beatIntervalMs = chooseBeatInterval(options.hangTimeoutMs);
    const start: WorkerStart = { ...options.start, control: this.#control, numbers, beatIntervalMs };
    this.#worker = new Worker(options.entry, { workerData: start, env: { ...options.env } });
    this.#watch = watchBeats(
      this.#control,
      beatIntervalMs,
      Math.max(loadSilenceMs, options.hangTimeoutMs),
      (silentMs) => void this.#terminate({ cause: "hang", silentMs, loading: this.#loading }),
    );
    // Without an `error` listener a worker's death would end the process.
    this.#worker.on("error", (error: unknown) => {
      this.#error ??= { value: error };
    });
    this.#worker.on("exit", () => this.#end(this.#reasonOfExit()));
    this.#worker.on("message", (report: WorkerReport) => this.#hear(report));
  }

  publish(): Promise<void> {
    const id = this.#publishId++;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, publishPatienceMs);
    this.#published.set(id, resolve);
    this.#send({ kind: "publish", id });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#published.delete(id);
    });
  }

  run(trigger: string, attempt: RunAttempt): Promise<RunOutcome | null> {
    if (this.#over) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<RunOutcome | null>();
    this.#running.set(trigger, resolve);
    this.#send({ kind: "run", trigger, attempt });
    return promise;
  }

  drain(): Promise<number | null> {
    this.#send({ kind: "drain" });
    return this.#drained.promise;
  }

  async stop(): Promise<ThreadEnd> {
    await this.#terminate({ cause: "stopped" });
    return this.ended;
  }

  #send(command: WorkerCommand): void {
    if (!this.#over) this.#worker.postMessage(command);
  }

  #hear(report: WorkerReport): void {
    if (this.#over) return;
    switch (report.kind) {
      case "ready":
        this.#loading = false;
        this.#watch.setLimit(report.busyLimitMs + this.#hangTimeoutMs);
        this.#resolveReady(report);
        return;
      case "failed":
        void this.#terminate({ cause: "start", problem: report.problem });
        return;
      case "series":
        this.#source.addSeries(report.place);
        return;
      case "published":
        this.#published.get(report.id)?.();
        return;
      case "collect":
        void this.#answerTotals(report.id, report.names);
        return;
      case "ran":
        this.#running.get(report.trigger)?.(report.outcome);
        return;
      case "drained":
        this.#drained.resolve(report.cut);
    }
  }

  async #answerTotals(id: number, names: readonly string[]): Promise<void> {
    this.#send({ kind: "totals", id, totals: await this.#collectTotals(names) });
  }

  async #terminate(end: Reason): Promise<void> {
    if (this.#over) return;
    const lost = this.#retire();
    await Promise.race([this.#worker.terminate(), Bun.sleep(terminatePatienceMs)]);
    this.#settle({ ...end, lost });
  }

  /** The worker's exit code says nothing: an unhandled rejection ends it with 0. */
  #reasonOfExit(): Reason {
    const code = Atomics.load(this.#control, ControlWord.exitCode) - 1;
    if (this.#error !== null) return { cause: "error", error: this.#error.value };
    return { cause: "exit", code: code >= 0 ? code : null };
  }

  #end(end: Reason): void {
    if (!this.#over) this.#settle({ ...end, lost: this.#retire() });
  }

  #retire(): number {
    this.#over = true;
    this.#watch.stop();
    const lost = this.#source.sum(exchangesInFlight);
    this.#source.retire();
    return lost;
  }

  #settle(end: ThreadEnd): void {
    this.#resolveReady(null);
    this.#drained.resolve(null);
    for (const resolve of this.#published.values()) resolve();
    for (const resolve of this.#running.values()) resolve(null);
    this.#resolveEnded(end);
  }
}

type Reason = ThreadEnd extends infer End ? (End extends { lost: number } ? Omit<End, "lost"> : never) : never;
