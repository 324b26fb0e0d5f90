/** A function file behind a trigger of its own for one call: a processor in this process, gone when the call is over. */
import * as v from "valibot";
import type { ProcessorConfig } from "../../config/contract.ts";
import type { DefaultTrigger } from "../../config/default-trigger.ts";
import { loadConfig } from "../../config/load.ts";
import { renderProblems } from "../../config/render-problems.ts";
import { chooseTrigger } from "../../processor/choose-trigger.ts";
import { runProcessor } from "../../processor/processor.ts";
import { StartError } from "../../processor/start-error.ts";
import { buildWorkerEnvironment } from "../../processor/worker-environment.ts";
import type { OpenTriggerConfig, RunOutcome } from "../../triggers/contract.ts";
import type { JobAttributes } from "../../triggers/job/attributes.ts";
import { triggerKinds } from "../../triggers/kinds.ts";
import { version } from "../../version.ts";
import { CommandError, type CommandIo } from "../command.ts";
import { type Call, type CallRecord, createAnswer } from "./call.ts";
import { callHttp } from "./call-http.ts";

/** A function file ready to be called. */
export interface LocalFunction {
  /** The one that suits it, or that was asked for. */
  readonly trigger: DefaultTrigger;
  readonly config: ProcessorConfig;
}

/** @param kind Asked for; undefined: by what the function exports. */
export async function openLocalFunction(file: string, kind: string | undefined, io: CommandIo): Promise<LocalFunction> {
  const { config, problems, triggersAre } = loadConfig({
    functionFile: file,
    requireFunction: true,
    environment: io.env,
    cwd: io.cwd,
  });
  if (config === null) {
    throw new CommandError(`the function cannot be run\n${renderProblems(problems, { colors: false }).trimEnd()}`);
  }
  const [first] = config.triggers;
  const known = kind ?? (triggersAre === "assumed" ? undefined : first?.kind);
  const { env } = buildWorkerEnvironment(io.env, config);
  return { trigger: await inWords(chooseTrigger(known, config.function, io.entry, env)), config };
}

export async function callLocalHttp(local: LocalFunction, call: Call, io: CommandIo): Promise<CallRecord> {
  const { contract } = local.trigger;
  const attributes = { host: "127.0.0.1", port: 0, ...(contract !== undefined && { contract }) };
  const trigger = makeTrigger("http", "http", attributes);
  const over = new AbortController();
  const address = Promise.withResolvers<string>();
  const ended = runHere(local, trigger, io, {
    signal: over.signal,
    onReady: ([worker]) => address.resolve(worker?.triggers[0]?.address ?? ""),
  });
  try {
    const found = await Promise.race([address.promise, ended.then(() => "")]);
    return await callHttp({ url: new URL(`http://${found}/`), tls: null }, call);
  } finally {
    over.abort("the call is over");
    await ended;
  }
}

/** @param kind The trigger the event says it comes from: "job" or "cron". */
export async function callLocalJob(local: LocalFunction, kind: string, call: Call, io: CommandIo): Promise<CallRecord> {
  const [path = "", ...query] = (call.path ?? "").split("?");
  const written = makeTrigger("job", "invoke", { timeout: `${call.timeoutMs}ms`, gracefulShutdownTimeout: "1s" });
  const attributes: JobAttributes = {
    ...(written.attributes as JobAttributes),
    event: { method: call.method ?? "", path, query: query.join("?"), headers: call.fields, body: call.body ?? "" },
    comesFrom: { kind, name: "invoke" },
  };
  let outcome: RunOutcome | null = null;
  await runHere(local, { ...written, attributes }, io, { onOutcome: (_, last) => (outcome = last) });
  return recordOf(outcome);
}

function recordOf(outcome: RunOutcome | null): CallRecord {
  if (outcome === null) return { answer: null, problem: "it was cancelled", tookMs: 0 };
  const { kind, text, tookMs, result } = outcome;
  const answer = result === null ? null : createAnswer(result.status, result.headers, result.body);
  const failure = answer === null ? text : `status ${answer.status}`;
  return { answer, problem: kind === "succeeded" ? null : kind === "cancelled" ? "it was cancelled" : failure, tookMs };
}

function makeTrigger(kind: string, name: string, attributes: object): OpenTriggerConfig {
  const found = triggerKinds.find((candidate) => candidate.kind === kind);
  if (found === undefined) throw new Error(`there is no trigger kind ${kind}`);
  return {
    name,
    kind,
    url: "",
    numWorkers: 1,
    workerAvailabilityTimeoutMs: 10_000,
    workerTerminationTimeoutMs: 1000,
    attributes: v.parse(found.attributes, attributes),
  };
}

type Observers = Pick<Parameters<typeof runProcessor>[0], "signal" | "onReady" | "onOutcome">;

/** Nothing but the trigger: no ports of the processor's own, and of its log what is wrong. */
async function runHere(
  { config }: LocalFunction,
  trigger: OpenTriggerConfig,
  io: CommandIo,
  observers: Observers,
): Promise<number> {
  const off = { enabled: false, hostname: "127.0.0.1", port: 0, explicit: false };
  const { instanceName } = config.platform.metrics;
  const platform = { admin: off, health: off, metrics: { ...off, instanceName } };
  return inWords(
    runProcessor({
      config: { ...config, triggers: [trigger], platform },
      warnings: [],
      kinds: triggerKinds,
      entry: io.entry,
      version,
      env: io.env,
      terminal: io.stderr.isTerminal,
      colours: io.stderr.isTerminal && !io.env["NO_COLOR"],
      requirePorts: false,
      logStream: "stderr",
      quiet: true,
      ...observers,
    }),
  );
}

async function inWords<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(`the function could not be started:\n${error.message}`);
    throw error;
  }
}
