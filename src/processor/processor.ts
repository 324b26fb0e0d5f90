/** The life of the process: own servers, workers, ready, drain, end. */
import type { ConfigProblem, ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import { chooseLogFormat, openLog } from "../telemetry/open-log.ts";
import type { TriggerKind } from "../triggers/contract.ts";
import { drainPool } from "./drain.ts";
import { createMetricsPage } from "./metrics-page.ts";
import { openFunction } from "./open-function.ts";
import { openOwnServers } from "./own-servers.ts";
import { assertPortsFree } from "./port-probe.ts";
import { listenForSignals } from "./signals.ts";
import { describeStatus, describeTriggers, type ProcessorState, whyNotReady } from "./status.ts";
import { collectTriggerStats } from "./trigger-stats.ts";
import { buildWorkerEnvironment } from "./worker-environment.ts";
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
}

/** Runs until a signal asks for the end. Resolves with the exit code; rejects with a `StartError`. */
export async function runProcessor(options: ProcessorOptions): Promise<number> {
  const { config, kinds, colours } = options;
  const logFormat = chooseLogFormat(config.log.format, options.terminal);
  const log = await openLog({ level: config.log.level, format: logFormat, name: "processor", colours });
  logDefects(log);
  for (const { code, path, message, source } of options.warnings) log.warn({ code, path, source }, message);

  const end = Promise.withResolvers<number>();
  let state: ProcessorState = "starting";
  listenForSignals((signal) => {
    if (state === "starting") process.exit(0);
    state = "draining";
    void drainPool(pool, signal, log).then(() => end.resolve(0));
  });
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
  const open = [...ports].map(([name, address]) => `${name} ${address}`);
  log.info([`ready in ${Math.round(performance.now())} ms`, ...open].join(", "));
  return end.promise;
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
