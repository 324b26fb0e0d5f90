/** How events got their wrapper, as Nuclio counts it. */
import type { TriggerInfo } from "../../event/contract.ts";
import {
  pythonWorkerLosses,
  workerAllocations,
  workerAllocationResults,
  workerAllocationWait,
  workersAvailable,
} from "../../telemetry/metrics.ts";
import type { MetricsRecorder, NumberCell } from "../../telemetry/recorder.ts";

export class AllocationMetrics {
  readonly #count: NumberCell;
  readonly #available: NumberCell;
  readonly #waited: NumberCell;
  readonly #immediate: NumberCell;
  readonly #afterWait: NumberCell;
  readonly #timeout: NumberCell;
  readonly #lost: { readonly exit: NumberCell; readonly timeout: NumberCell };

  constructor(recorder: MetricsRecorder, { kind, name }: TriggerInfo) {
    this.#count = recorder.number(workerAllocations, [kind, name]);
    this.#available = recorder.number(workersAvailable, [kind, name]);
    this.#waited = recorder.number(workerAllocationWait, [kind, name]);
    const result = (word: string): NumberCell => recorder.number(workerAllocationResults, [kind, name, word]);
    this.#immediate = result("success_immediate");
    this.#afterWait = result("success_after_wait");
    this.#timeout = result("error_timeout");
    const lost = (cause: string): NumberCell => recorder.number(pythonWorkerLosses, [name, cause]);
    this.#lost = { exit: lost("exit"), timeout: lost("timeout") };
  }

  /** @param idle Share of the wrappers that are idle, from 0 to 1. */
  asked(idle: number): void {
    this.#count.value++;
    this.#available.value += Math.floor(idle * 100);
  }

  immediate(): void {
    this.#immediate.value++;
  }

  afterWait(waitedMs: number): void {
    this.#afterWait.value++;
    this.#waited.value += waitedMs;
  }

  timedOut(): void {
    this.#timeout.value++;
  }

  lost(cause: "exit" | "timeout"): void {
    this.#lost[cause].value++;
  }
}
