/** The work that ends by itself: every planned trigger is run once, again after failures as its plan allows. */
import type { ProcessorConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import type { RunOutcome, RunPlan, TriggerKind } from "../triggers/contract.ts";
import type { WorkerPool } from "./worker-pool.ts";
import { writeResult } from "./write-result.ts";

export interface Job {
  /** The trigger's name. */
  readonly name: string;
  readonly plan: RunPlan;
}

export interface JobsOptions {
  readonly jobs: readonly Job[];
  readonly pool: Pick<WorkerPool, "run">;
  readonly log: Logger;
  /** Aborts when no further attempt may begin. */
  readonly signal: AbortSignal;
  /** Hears the last outcome of every job, to show it: the log then says nothing of it. */
  onOutcome?(name: string, outcome: RunOutcome): void;
}

export function findJobs(
  { triggers }: Pick<ProcessorConfig, "triggers">,
  kinds: readonly TriggerKind[],
): readonly Job[] {
  return triggers.flatMap((trigger) => {
    const plan = kinds.find(({ kind }) => kind === trigger.kind)?.plan?.(trigger);
    return plan === undefined ? [] : [{ name: trigger.name, plan }];
  });
}

/** Resolves when every job has ended, with the worst of what became of them. */
export async function runJobs(options: JobsOptions): Promise<RunOutcome["kind"]> {
  const kinds = await Promise.all(options.jobs.map((job) => runJob(job, options)));
  return (["failed", "cancelled"] as const).find((kind) => kinds.includes(kind)) ?? "succeeded";
}

async function runJob({ name, plan }: Job, { pool, log, signal, onOutcome }: JobsOptions): Promise<RunOutcome["kind"]> {
  const id = crypto.randomUUID();
  const attempts = plan.maxRetries + 1;
  for (let number = 1; ; number++) {
    const outcome = await pool.run(name, { number, id });
    if (onOutcome === undefined) report(name, outcome, number, attempts, log);
    if (outcome.kind !== "failed" || number === attempts || signal.aborted) {
      onOutcome?.(name, outcome);
      return keep(name, outcome, plan, log);
    }
    const delayMs = Math.min(plan.maxBackOffMs, plan.backOffMs * 2 ** (number - 1));
    log.info({ trigger: name, delayMs }, `job "${name}": attempt ${number + 1} of ${attempts} in ${delayMs} ms`);
    await pause(delayMs, signal);
    if (signal.aborted) {
      log.warn({ trigger: name }, `job "${name}" was cancelled before attempt ${number + 1}`);
      return "cancelled";
    }
  }
}

/** What the function itself did was logged where it ran; here it is what the job has come to. */
function report(name: string, outcome: RunOutcome, number: number, attempts: number, log: Logger): void {
  const tookMs = Math.round(outcome.tookMs);
  const fields = { trigger: name, outcome: outcome.kind, status: outcome.result?.status, tookMs, attempt: number };
  const which = attempts === 1 ? "" : `, attempt ${number} of ${attempts}`;
  const text = `job "${name}" ${outcome.kind} after ${tookMs} ms${which}: ${outcome.text}`;
  if (outcome.kind === "succeeded") log.info(fields, text);
  else if (outcome.kind === "failed") log.error(fields, text);
  else log.warn(fields, text);
}

/** A result that cannot be kept is a failure, but none that doing the work again would mend. */
async function keep(name: string, outcome: RunOutcome, plan: RunPlan, log: Logger): Promise<RunOutcome["kind"]> {
  if (outcome.kind !== "succeeded" || outcome.result === null || plan.resultFile === null) return outcome.kind;
  try {
    await writeResult(plan.resultFile, outcome.result.body);
    return outcome.kind;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error({ trigger: name, resultFile: plan.resultFile }, `job "${name}": its result could not be kept: ${reason}`);
    return "failed";
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, delayMs);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
