/** The worker threads of the data plane: as many as the triggers ask for, each replaced when it dies or hangs. */
import type { ProcessorConfig } from "../config/contract.ts";
import { isPython } from "../function/python/locate.ts";
import { workerLosses } from "../telemetry/metrics.ts";
import type { CollectTotals } from "../telemetry/recorder.ts";
import type { RunAttempt, RunOutcome, TriggerKind } from "../triggers/contract.ts";
import type { WorkerTrigger } from "../worker/contract.ts";
import { type SlotOptions, WorkerSlot, type WorkerStatus } from "./worker-slot.ts";
import type { ThreadLoss } from "./worker-thread.ts";

export interface PoolOptions extends Omit<SlotOptions, "collectTotals"> {
  readonly kinds: readonly TriggerKind[];
}

export interface WorkerPool {
  /** Resolves when all workers serve; rejects with a `StartError` when one cannot. */
  start(): Promise<void>;
  /** Makes all workers publish their metrics. */
  publish(): Promise<void>;
  /** Has a trigger that opens in one worker do its work, once. */
  run(trigger: string, attempt: RunAttempt): Promise<RunOutcome>;
  /** Resolves when nothing is in flight any more, with the number of exchanges cut off. */
  drain(): Promise<number>;
  stop(): Promise<void>;
  status(): readonly WorkerStatus[];
}

/** How many workers the triggers need, and which trigger opens in which of them. */
export function assignTriggers(config: ProcessorConfig, kinds: readonly TriggerKind[]): readonly WorkerTrigger[][] {
  const counts = config.triggers.map((trigger) => {
    const placement = kinds.find((kind) => kind.kind === trigger.kind)?.placement;
    // Python has its instances in processes of their own, which belong to one thread.
    return placement === "one-worker" || isPython(config.function) ? 1 : Math.max(1, trigger.numWorkers);
  });
  return Array.from({ length: Math.max(1, ...counts) }, (_, index) =>
    config.triggers.flatMap((trigger, position) => {
      const workerCount = counts[position] ?? 1;
      return index < workerCount ? [{ config: trigger, workerCount }] : [];
    }),
  );
}

export function createWorkerPool(options: PoolOptions): WorkerPool {
  for (const cause of ["start", "exit", "error", "hang"] satisfies ThreadLoss["cause"][]) {
    options.metrics.number(workerLosses, [cause]);
  }
  const publish = async (): Promise<void> => {
    await Promise.all(slots.map((slot) => slot.publish()));
  };
  const collectTotals: CollectTotals = async (names) => {
    await publish();
    return options.totals.collect().filter(({ definition }) => names.includes(definition.name));
  };
  const slots = assignTriggers(options.config, options.kinds).map(
    (triggers, index) => new WorkerSlot({ ...options, collectTotals }, triggers, index),
  );
  return {
    async start() {
      const starts = slots.map((slot) => slot.start());
      await Promise.all(starts);
    },
    publish,
    async run(trigger, attempt) {
      const [first] = slots;
      if (first === undefined) throw new Error("a pool has at least one worker");
      return first.run(trigger, attempt);
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
