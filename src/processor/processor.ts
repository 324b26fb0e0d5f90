/** The life of the process: own servers, workers, ready, drain, end. */
import type { ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import { chooseLogFormat, openLog } from "../telemetry/open-log.ts";
import type { TriggerKind } from "../triggers/contract.ts";
import { openAdminServer } from "./admin-server.ts";
import { openHealthServer } from "./health-server.ts";
import { createMetricsPage } from "./metrics-page.ts";
import { openMetricsServer } from "./metrics-server.ts";
import { assertPortsFree } from "./port-probe.ts";
import { listenForSignals } from "./signals.ts";
import { collectTriggerStats } from "./trigger-stats.ts";
import { buildWorkerEnvironment } from "./worker-environment.ts";
import { createWorkerPool, type WorkerPool } from "./worker-pool.ts";

export interface ProcessorOptions {
  readonly config: ProcessorConfig;
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

type State = "starting" | "ready" | "draining";

/** Time beyond the workers' own deadline after which the process ends whatever they do. */
const drainPatienceMs = 1000;

/** Runs until a signal asks for the end. Resolves with the exit code; rejects with a `StartError`. */
export async function runProcessor(options: ProcessorOptions): Promise<number> {
  const { config, kinds } = options;
  const logFormat = chooseLogFormat(config.log.format, options.terminal);
  const log = await openLog({
    level: config.log.level,
    format: logFormat,
    name: "processor",
    colours: options.colours,
  });
  logDefects(log);
  const end = Promise.withResolvers<number>();
  let state: State = "starting";
  let pool: WorkerPool | null = null;
  listenForSignals((signal) => {
    const before = state;
    state = "draining";
    if (pool === null || before !== "ready") process.exit(0);
    void drain(pool, signal, log).then(end.resolve);
  });

  const page = createMetricsPage(config, options.version);
  const { platform } = config;
  const shared = { required: options.requirePorts, log };
  const health = openHealthServer({
    ...shared,
    listen: platform.health,
    whyNotReady: () => whyNotReady(state, pool),
  });
  const admin = openAdminServer({
    ...shared,
    listen: platform.admin,
    triggers: config.triggers,
    status: () => describeStatus(options, state, pool),
    async stats(trigger) {
      await pool?.publish();
      return collectTriggerStats(page.totals.collect(), trigger);
    },
  });
  const metrics = openMetricsServer({
    ...shared,
    listen: platform.metrics,
    render: () => page.render(async () => pool?.publish()),
  });
  assertPortsFree(config, kinds);

  const { env, stripped } = buildWorkerEnvironment(options.env, config.env);
  if (stripped.length > 0) {
    log.warn({ variables: stripped }, `${stripped.join(" and ")} can make the processor run other code: not handed on`);
  }
  pool = createWorkerPool({
    config,
    kinds,
    entry: options.entry,
    env,
    logFormat,
    logColours: options.colours,
    log,
    metrics: page.recorder,
    totals: page.totals,
  });
  await pool.start();
  state = "ready";
  logStart(config, pool, log, { health: health.address, admin: admin.address, metrics: metrics.address });
  return end.promise;
}

/** An error of the control plane is ours to mend; the traffic on the workers goes on meanwhile. */
function logDefects(log: Logger): void {
  const write = (error: unknown): void => log.error({ err: error }, "a defect in the processor itself");
  process.on("uncaughtException", write);
  process.on("unhandledRejection", write);
}

async function drain(pool: WorkerPool, signal: string, log: Logger): Promise<number> {
  const limits = pool.status().flatMap((worker) => worker.triggers.map((each) => each.gracefulShutdownTimeoutMs));
  const limitMs = Math.max(0, ...limits);
  const startedAt = performance.now();
  log.info({ signal, gracefulShutdownTimeoutMs: limitMs }, `${signal}: finishing what is in flight`);
  const cut = await Promise.race([pool.drain(), Bun.sleep(limitMs + drainPatienceMs).then(() => null)]);
  const tookMs = Math.round(performance.now() - startedAt);
  if (cut === 0) log.info({ tookMs }, "ended");
  else if (cut === null) log.warn({ tookMs }, "ended; a worker did not finish in time");
  else log.warn({ tookMs, cut }, `ended; ${cut} exchanges were cut off by gracefulShutdownTimeout`);
  return 0;
}

function whyNotReady(state: State, pool: WorkerPool | null): string | null {
  if (state === "starting") return "Processor not ready yet";
  if (state === "draining") return "Processor is draining";
  const serves = pool?.status().some((worker) => worker.state === "ready") ?? false;
  return serves ? null : "No worker is ready";
}

function describeStatus({ config, version }: ProcessorOptions, state: State, pool: WorkerPool | null): unknown {
  const workers = pool?.status() ?? [];
  const loaded = workers.find((worker) => worker.function !== null)?.function ?? null;
  return {
    name: config.name,
    namespace: config.namespace,
    version,
    state,
    uptimeSeconds: Math.round(performance.now() / 1000),
    function: loaded,
    workers: workers.map(({ index, state: workerState, replacements, triggers }) => ({
      index,
      state: workerState,
      replacements,
      listens: Object.fromEntries(triggers.map((trigger) => [trigger.name, trigger.address])),
    })),
  };
}

function logStart(
  config: ProcessorConfig,
  pool: WorkerPool,
  log: Logger,
  ports: { health: string | null; admin: string | null; metrics: string | null },
): void {
  const workers = pool.status();
  const loaded = workers.find((worker) => worker.function !== null)?.function ?? null;
  for (const { name, kind } of config.triggers) {
    const opened = workers.flatMap((worker) => worker.triggers.filter((trigger) => trigger.name === name));
    const addresses = [...new Set(opened.flatMap((trigger) => trigger.address ?? []))];
    const place = addresses.length === 0 ? "" : ` on ${addresses.join(", ")}`;
    const count = opened.length === 1 ? "1 worker" : `${opened.length} workers`;
    const served = loaded === null ? "" : `: ${loaded.contract} ${loaded.file}`;
    log.info({ trigger: name }, `${kind} "${name}"${place}${served}, ${count}`);
  }
  const open = Object.entries(ports).flatMap(([name, address]) => (address === null ? [] : [`${name} ${address}`]));
  log.info(`ready in ${Math.round(performance.now())} ms; ${open.join(", ") || "no own servers"}`);
}
