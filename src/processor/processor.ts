/** The life of the process: own servers, workers, ready, drain, end. */
import type { ConfigProblem, ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import { chooseLogFormat, type LogStream, openLog } from "../telemetry/open-log.ts";
import type { RunOutcome, TriggerKind } from "../triggers/contract.ts";
import { drainPool } from "./drain.ts";
import { findJobs, runJobs } from "./jobs.ts";
import { createMetricsPage } from "./metrics-page.ts";
import { openFunction } from "./open-function.ts";
import { openOwnServers } from "./own-servers.ts";
import { assertPortsFree } from "./port-probe.ts";
import { exitCodes, listenForSignals } from "./signals.ts";
import { describeStatus, describeTriggers, howToTry, type ProcessorState, whyNotReady } from "./status.ts";
import { collectTriggerStats } from "./trigger-stats.ts";
import { buildWorkerEnvironment } from "./worker-environment.ts";
import type { WorkerStatus } from "./worker-slot.ts";
import { collectAfterStart } from "../worker/collect-after-start.ts";
import { createWorkerPool } from "./worker-pool.ts";

export interface ProcessorOptions {
  readonly config: ProcessorConfig;
  /** Of the configuration, to be logged. */
  readonly warnings: readonly ConfigProblem[];
  readonly kinds: readonly TriggerKind[];
  /** The main module: worker threads start from it. */
  readonly entry: URL;
  readonly version: string;
  /** Environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal: the automatic log format is the readable one. */
  readonly terminal: boolean;
  readonly colours: boolean;
  /** With a configuration file a busy port of the own servers ends the start, even one nobody wrote down. */
  readonly requirePorts: boolean;
  /** Says with a line of the log how to call the triggers. */
  readonly showsHowToTry?: boolean;
  /** Default: standard output, unless the result of a job goes there. */
  readonly logStream?: LogStream;
  /** Only what is wrong is logged of the processor itself. */
  readonly quiet?: boolean;
  /** Asks for the end, as a signal does. */
  readonly signal?: AbortSignal;
  /** Called when everything is open. */
  onReady?(workers: readonly WorkerStatus[]): void;
  /** Hears the last outcome of every job, to show it: the log then says nothing of it. */
  onOutcome?(trigger: string, outcome: RunOutcome): void;
}

/** Runs until a signal asks for the end, or every job has ended. Resolves with the exit code; rejects with a `StartError`. */
export async function runProcessor(options: ProcessorOptions): Promise<number> {
  const { config, kinds, colours } = options;
  const jobs = findJobs(config, kinds);
  const logFormat = chooseLogFormat(config.log.format, options.terminal);
  const logStream = options.logStream ?? (jobs.some(({ plan }) => plan.resultFile === "-") ? "stderr" : "stdout");
  const log = await openLog({
    level: options.quiet === true ? "error" : config.log.level,
    format: logFormat,
    name: "processor",
    colours,
    stream: logStream,
  });
  logDefects(log);
  for (const { code, path, message, source } of options.warnings) log.warn({ code, path, source }, message);

  const interrupted = new AbortController();
  const ended = Promise.withResolvers<void>();
  let state: ProcessorState = "starting";
  listenForSignals((signal) => {
    if (state === "starting") process.exit(jobs.length === 0 ? 0 : exitCodes[signal]);
    interrupted.abort(signal);
    end(signal);
  });
  /** Whoever comes first: a signal, or the end of the last job. */
  function end(reason: string): void {
    if (state === "draining") return;
    state = "draining";
    void drainPool(pool, reason, log).then(ended.resolve);
  }
  const env = prepareEnvironment(options, log);
  // After the signals: one that comes meanwhile must not leave behind what is unpacked.
  const source = openFunction(config.function, env, log);
  const page = createMetricsPage(config, options.version);
  const pool = createWorkerPool({
    config: { ...config, function: source },
    kinds,
    entry: options.entry,
    env,
    logFormat,
    logColours: colours,
    logStream,
    log,
    metrics: page.recorder,
    totals: page.totals,
  });
  const ports = openOwnServers({
    config,
    required: options.requirePorts,
    log,
    whyNotReady: () => whyNotReady(state, pool.status()),
    status: () => describeStatus(config, options.version, state, pool.status()),
    async stats(trigger) {
      await pool.publish();
      return collectTriggerStats(page.totals.collect(), trigger);
    },
    async renderMetrics() {
      await pool.publish();
      return page.render();
    },
  });
  assertPortsFree(config, kinds);
  await pool.start();
  state = "ready";
  for (const { trigger, text } of describeTriggers(config, pool.status())) log.info({ trigger }, text);
  collectAfterStart();
  const open = [...ports].map(([name, address]) => `${name} ${address}`);
  log.info([`ready in ${Math.round(performance.now())} ms`, ...open].join(", "));
  if (options.showsHowToTry === true) {
    for (const line of howToTry(pool.status())) log.info(`try it: ${line}`);
  }
  options.onReady?.(pool.status());
  options.signal?.addEventListener("abort", () => end("asked to"), { once: true });
  if (jobs.length === 0) return ended.promise.then(() => 0);

  const { signal } = interrupted;
  const { onOutcome } = options;
  const worst = await runJobs({ jobs, pool, log, signal, ...(onOutcome !== undefined && { onOutcome }) });
  end("every job has ended");
  await ended.promise;
  return exitCodeOf(worst, signal);
}

function exitCodeOf(worst: RunOutcome["kind"], { reason }: { readonly reason: unknown }): number {
  if (worst === "succeeded") return 0;
  return worst === "cancelled" && (reason === "SIGTERM" || reason === "SIGINT") ? exitCodes[reason] : 1;
}

/** An error of the control plane is ours to mend; the traffic on the workers goes on meanwhile. */
function logDefects(log: Logger): void {
  const write = (error: unknown): void => log.error({ err: error }, "a defect in the processor itself");
  process.on("uncaughtException", write);
  process.on("unhandledRejection", write);
}

function prepareEnvironment({ config, env }: ProcessorOptions, log: Logger): Readonly<Record<string, string>> {
  const workers = buildWorkerEnvironment(env, config);
  if (workers.stripped.length > 0) {
    const names = workers.stripped.join(" and ");
    log.warn({ variables: workers.stripped }, `${names} can make the processor run other code: not handed on`);
  }
  return workers.env;
}
