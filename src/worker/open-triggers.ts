/** Opens a worker's triggers, and drains and closes them together. */
import type { Logger } from "../telemetry/log.ts";
import type { OpenTrigger, RunAttempt, RunOutcome, TriggerHost, TriggerOpener } from "../triggers/contract.ts";
import { TriggerError } from "../triggers/contract.ts";
import type { TriggerReport, WorkerTrigger } from "./contract.ts";
import { describeStartError } from "./describe-start-error.ts";

export interface OpenTriggers {
  readonly reports: readonly TriggerReport[];
  /** The longest any of them allows a call to keep the thread busy, in ms. */
  readonly busyLimitMs: number;
  /** Lets the trigger of this name do its work, once. Never rejects. */
  run(name: string, attempt: RunAttempt): Promise<RunOutcome>;
  /** Resolves with the number of exchanges and events that were ended unfinished. */
  drain(): Promise<number>;
}

/** Rejects when one of them cannot open; those already open are closed then. */
export async function openTriggers(
  triggers: readonly WorkerTrigger[],
  openers: ReadonlyMap<string, TriggerOpener>,
  host: Omit<TriggerHost, "workerCount">,
): Promise<OpenTriggers> {
  const byName = new Map<string, OpenTrigger>();
  const reports: TriggerReport[] = [];
  try {
    for (const trigger of triggers) {
      const opened = await openTrigger(trigger, openers, host);
      const { name, kind } = trigger.config;
      byName.set(name, opened);
      const { address, gracefulShutdownTimeoutMs } = opened;
      reports.push({ name, kind, address, gracefulShutdownTimeoutMs });
    }
  } catch (error) {
    await Promise.allSettled([...byName.values()].map((trigger) => trigger.close()));
    throw error;
  }
  const open = [...byName.values()];
  return {
    reports,
    busyLimitMs: Math.max(0, ...open.map((trigger) => trigger.busyLimitMs ?? 0)),
    async run(name, attempt) {
      const outcome = await byName.get(name)?.run?.(attempt);
      return outcome ?? { kind: "failed", text: `trigger "${name}" has nothing to do once`, tookMs: 0, result: null };
    },
    drain: () => drainAll(open, host.log),
  };
}

async function openTrigger(
  { config, workerCount }: WorkerTrigger,
  openers: ReadonlyMap<string, TriggerOpener>,
  host: Omit<TriggerHost, "workerCount">,
): Promise<OpenTrigger> {
  const open = openers.get(config.kind);
  const setting = `spec.triggers.${config.name}`;
  if (open === undefined) {
    throw new TriggerError("UNKNOWN_KIND", `${setting}.kind`, `there is no trigger kind "${config.kind}"`);
  }
  try {
    return await open(config, { ...host, log: host.log.child({ trigger: config.name }), workerCount });
  } catch (error) {
    const { code, setting: own, message } = describeStartError(error);
    if (own !== null) throw error;
    const text = `trigger "${config.name}" cannot open: ${message}`;
    throw new TriggerError(code, `${setting}.attributes`, text, { cause: error });
  }
}

/** One deadline for all: the longest any of them asks for. */
async function drainAll(open: readonly OpenTrigger[], log: Logger): Promise<number> {
  const deadline = new AbortController();
  let cut = 0;
  const limitMs = Math.max(0, ...open.map((trigger) => trigger.gracefulShutdownTimeoutMs));
  const timer = setTimeout(() => {
    cut = open.reduce((sum, trigger) => sum + trigger.inFlight, 0);
    deadline.abort();
  }, limitMs);
  const outcomes = await Promise.allSettled(open.map((trigger) => trigger.drain(deadline.signal)));
  clearTimeout(timer);
  // Last answers are gathered and written at the end of a turn of the event loop: closing now would drop them.
  await nextTurn();
  outcomes.push(...(await Promise.allSettled(open.map((trigger) => trigger.close()))));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") log.error({ err: outcome.reason }, "a trigger did not end cleanly");
  }
  return cut;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
