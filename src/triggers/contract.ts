/** What a kind of trigger is. `kinds.ts` and `openers.ts` are the only places that name them all. */
import type * as v from "valibot";
import type { FieldLines } from "../event/contract.ts";
import type { LoadedFunction } from "../function/loaded-function.ts";
import type { Logger } from "../telemetry/log.ts";
import type { CollectTotals, MetricsRecorder } from "../telemetry/recorder.ts";

/** What the main thread knows of a kind of trigger, e.g. `extproc`: one folder below `triggers/`. */
export interface TriggerKind<Attributes = unknown> {
  readonly kind: string;
  /** What a user may write under `attributes`; unknown keys become warnings, everything else errors with their place. */
  readonly attributes: v.GenericSchema<unknown, Attributes>;
  /** What is wrong with `spec.triggers.<name>.url`, completing "url …"; null: nothing. Absent: the kind does not use it. */
  checkUrl?(url: string): string | null;
  /** `job` and `cron` must fire once, not once a worker. */
  readonly placement: "every-worker" | "one-worker";
  /**
   * The TCP address it will bind, null when there is none (unix socket, nothing to listen on). Asked on the main thread
   * before the workers, which share the port among them, could share it with a stranger.
   */
  listensOn?(trigger: OpenTriggerConfig<Attributes>): TriggerListenAddress | null;
  /** What is to be done, once, by triggers that end by themselves: they have a `run` when opened. */
  plan?(trigger: OpenTriggerConfig<Attributes>): RunPlan;
}

/** Opens a trigger of its kind in this thread. Rejects with a `TriggerError` that names the setting to mend. */
export type TriggerOpener<Attributes = unknown> = (
  trigger: OpenTriggerConfig<Attributes>,
  host: TriggerHost,
) => Promise<OpenTrigger>;

export interface TriggerListenAddress {
  readonly hostname: string;
  readonly port: number;
  /** Path of the setting that chooses the port, e.g. "spec.triggers.gate.attributes.port". */
  readonly setting: string;
}

/** How the main thread has a piece of work done: the process ends when all of them are. */
export interface RunPlan {
  /** Attempts after the first failed one. */
  readonly maxRetries: number;
  /** Pause before the first retry, in ms; doubled for each further one up to `maxBackOffMs`. */
  readonly backOffMs: number;
  readonly maxBackOffMs: number;
  /** Where the result's body goes: a file, or "-" for standard output. Null: nowhere. */
  readonly resultFile: string | null;
}

export interface RunAttempt {
  /** From 1. */
  readonly number: number;
  /** The event's id: the same in every attempt. */
  readonly id: string;
}

/** What an attempt came to. Plain data: it crosses to the main thread. */
export interface RunOutcome {
  readonly kind: "succeeded" | "failed" | "cancelled";
  /** For the log, e.g. "200" or "the function threw". */
  readonly text: string;
  readonly tookMs: number;
  /** Null when the function gave none. */
  readonly result: RunResult | null;
}

export interface RunResult {
  readonly status: number;
  readonly headers: FieldLines;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** One entry of `spec.triggers`, checked. Plain data: it crosses to the workers. */
export interface OpenTriggerConfig<Attributes = unknown> {
  /** The key below `spec.triggers`. */
  readonly name: string;
  readonly kind: string;
  /** `spec.triggers.<name>.url`, "" when absent. */
  readonly url: string;
  readonly numWorkers: number;
  readonly workerAvailabilityTimeoutMs: number;
  readonly workerTerminationTimeoutMs: number;
  readonly attributes: Attributes;
}

/** What a worker lends to the triggers it opens. */
export interface TriggerHost {
  /** Index of this worker thread, from 0. */
  readonly workerIndex: number;
  /** Number of workers that open this trigger. */
  readonly workerCount: number;
  readonly function: LoadedFunction;
  readonly log: Logger;
  readonly metrics: MetricsRecorder;
  readonly collectTotals: CollectTotals;
  /** Names of the function: `metadata.name` and `.namespace` of the configuration. */
  readonly functionName: string;
  readonly functionNamespace: string;
  /** When the process began, in ms since the epoch: the same for all workers and those that replace them. */
  readonly startedAt: number;
  /** Longest time of one event where the trigger does not say otherwise (`spec.eventTimeout`); 0 = none. */
  readonly eventTimeoutMs: number;
}

export interface OpenTrigger {
  /** Where it listens, e.g. "0.0.0.0:5051" or "unix:/run/processor.sock"; null for triggers that do not listen. */
  readonly address: string | null;
  /** Work begun and not finished. */
  readonly inFlight: number;
  /** How long a drain may take, from the signal on. */
  readonly gracefulShutdownTimeoutMs: number;
  /** How long a call may keep the thread to itself, beyond `spec.hangTimeout`. Default: not at all. */
  readonly busyLimitMs?: number;
  /** Of kinds with a plan: does the work once, and never rejects. A drain cancels it. */
  run?(attempt: RunAttempt): Promise<RunOutcome>;
  /** Refuses new work politely and resolves when nothing is in flight, or when `deadline` aborts and the rest was ended. */
  drain(deadline: AbortSignal): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

/** Why a trigger cannot open, e.g. EADDRINUSE; `setting` is the path in the configuration that mends it. */
export class TriggerError extends Error {
  override readonly name = "TriggerError";
  readonly code: string;
  readonly setting: string;
  constructor(code: string, setting: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.setting = setting;
  }
}
