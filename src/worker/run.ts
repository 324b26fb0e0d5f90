/** One worker thread of the data plane: loads the function, opens the triggers, gives signs of life, drains. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { busyLimitMs } from "../function/busy-limit.ts";
import type { LoadedFunction } from "../function/loaded-function.ts";
import { createCellRecorder } from "../telemetry/cells.ts";
import { openLog } from "../telemetry/open-log.ts";
import type { TriggerOpener } from "../triggers/contract.ts";
import { redirectConsole } from "./console.ts";
import { collectAfterStart } from "./collect-after-start.ts";
import { ControlWord, type WorkerCommand, type WorkerReport, type WorkerStart } from "./contract.ts";
import { describeStartError } from "./describe-start-error.ts";
import { installGuards } from "./guards.ts";
import { type OpenTriggers, openTriggers } from "./open-triggers.ts";
import { createTotalsRequests, type TotalsRequests } from "./totals-requests.ts";

/** What the thread is made of; tests put in their own. */
export interface WorkerParts {
  /** By kind. */
  readonly openers: ReadonlyMap<string, TriggerOpener>;
  loadFunction(start: WorkerStart): Promise<LoadedFunction>;
}

/** Runs in a worker thread for as long as the thread lives. */
export async function runWorker(parts: WorkerParts): Promise<void> {
  const start = workerData as WorkerStart;
  const port = parentPort as MessagePort;
  const report: Report = (message, transfer = []) => port.postMessage(message, transfer);
  const metrics = createCellRecorder(start.numbers, (place) => report({ kind: "series", place }));
  const guards = installGuards(metrics);
  setInterval(() => {
    Atomics.add(start.control, ControlWord.beats, 1);
    metrics.publish();
  }, start.beatIntervalMs);
  process.on("exit", (code) => {
    Atomics.store(start.control, ControlWord.exitCode, code + 1);
    metrics.publish();
  });

  const log = await openLog({ ...start.log, name: `worker ${start.index}` });
  guards.reportTo(log);
  redirectConsole(log);
  const totals = createTotalsRequests(report);
  try {
    const loaded = await parts.loadFunction(start);
    const open = await openTriggers(start.triggers, parts.openers, {
      workerIndex: start.index,
      function: loaded,
      log,
      metrics,
      collectTotals: totals.collect,
      functionName: start.functionName,
      functionNamespace: start.functionNamespace,
      startedAt: start.startedAt,
      eventTimeoutMs: start.eventTimeoutMs,
    });
    port.on("message", (command: WorkerCommand) => void obey(command, { open, metrics, totals, report }));
    collectAfterStart();
    metrics.publish();
    const { file, exportName } = loaded.origin;
    report({
      kind: "ready",
      function: { file, exportName, contract: loaded.contract },
      triggers: open.reports,
      busyLimitMs: Math.max(open.busyLimitMs, busyLimitMs(loaded.contract, process.env, start.eventTimeoutMs)),
    });
  } catch (error) {
    metrics.publish();
    report({ kind: "failed", problem: describeStartError(error) });
  }
}

interface WorkerState {
  readonly open: OpenTriggers;
  readonly metrics: { publish(): void };
  readonly totals: TotalsRequests;
  readonly report: Report;
}

/** What is in `transfer` is gone from this thread. */
type Report = (message: WorkerReport, transfer?: ArrayBuffer[]) => void;

async function obey(command: WorkerCommand, { open, metrics, totals, report }: WorkerState): Promise<void> {
  switch (command.kind) {
    case "publish":
      metrics.publish();
      report({ kind: "published", id: command.id });
      return;
    case "totals":
      totals.answer(command.id, command.totals);
      return;
    case "run": {
      const outcome = await open.run(command.trigger, command.attempt);
      metrics.publish();
      report(
        { kind: "ran", trigger: command.trigger, outcome },
        outcome.result === null ? [] : [outcome.result.body.buffer],
      );
      return;
    }
    case "drain": {
      const cut = await open.drain();
      metrics.publish();
      report({ kind: "drained", cut });
    }
  }
}
