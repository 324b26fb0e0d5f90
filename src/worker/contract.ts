/**
 * What the main thread and a worker thread say to each other. Everything here is plain data that crosses threads;
 * nothing crosses per request.
 */
import type { FunctionConfig, LogLevel } from "../config/contract.ts";
import type { SeriesPlace } from "../telemetry/cells.ts";
import type { LogStream } from "../telemetry/open-log.ts";
import type { SeriesTotal } from "../telemetry/recorder.ts";
import type { OpenTriggerConfig, RunAttempt, RunOutcome } from "../triggers/contract.ts";

/** What a worker is started with, as its `workerData`. */
export interface WorkerStart {
  readonly index: number;
  /** `metadata.name` and `.namespace` of the configuration. */
  readonly functionName: string;
  readonly functionNamespace: string;
  /** When the process began, in ms since the epoch. */
  readonly startedAt: number;
  /** `spec.eventTimeout`; 0 = none. */
  readonly eventTimeoutMs: number;
  readonly function: FunctionConfig;
  readonly triggers: readonly WorkerTrigger[];
  readonly log: {
    readonly level: LogLevel;
    readonly format: "console" | "json";
    readonly colours: boolean;
    readonly stream: LogStream;
  };
  /** Two 32-bit numbers, indexed by `ControlWord`. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Where the worker publishes its metrics. */
  readonly numbers: Float64Array<SharedArrayBuffer>;
  readonly beatIntervalMs: number;
}

export interface WorkerTrigger {
  readonly config: OpenTriggerConfig;
  /** Number of workers that open this trigger. */
  readonly workerCount: number;
}

export const ControlWord = {
  /** Counts up every `beatIntervalMs` while the thread's event loop turns. */
  beats: 0,
  /** 1 + the exit code, set when the thread's own code ends it; 0 before. */
  exitCode: 1,
} as const;

export type WorkerCommand =
  /** Finish what is in flight, then report `drained`. */
  | { readonly kind: "drain" }
  /** Let the trigger do its work, then report `ran`. */
  | { readonly kind: "run"; readonly trigger: string; readonly attempt: RunAttempt }
  /** Publish the metrics now, then report `published`. */
  | { readonly kind: "publish"; readonly id: number }
  /** The answer to `collect`. */
  | { readonly kind: "totals"; readonly id: number; readonly totals: readonly SeriesTotal[] };

export type WorkerReport =
  | {
      readonly kind: "ready";
      readonly function: FunctionReport;
      readonly triggers: readonly TriggerReport[];
      /** How long one call may keep the thread busy by the function's contract; 0 where it says nothing. */
      readonly busyLimitMs: number;
    }
  /** The function cannot be loaded or a trigger cannot open; the worker does nothing any more. */
  | { readonly kind: "failed"; readonly problem: StartProblem }
  | { readonly kind: "series"; readonly place: SeriesPlace }
  | { readonly kind: "published"; readonly id: number }
  /** Asks for the totals of these metrics over all workers, as they are now. */
  | { readonly kind: "collect"; readonly id: number; readonly names: readonly string[] }
  | { readonly kind: "ran"; readonly trigger: string; readonly outcome: RunOutcome }
  /** `cut` is the number of exchanges and events ended unfinished because the time was up. */
  | { readonly kind: "drained"; readonly cut: number };

export interface FunctionReport {
  readonly file: string;
  readonly exportName: string;
  readonly contract: string;
}

export interface TriggerReport {
  readonly name: string;
  readonly kind: string;
  readonly address: string | null;
  readonly gracefulShutdownTimeoutMs: number;
}

/** Why a worker cannot serve, in words for the user. */
export interface StartProblem {
  /** Stable, e.g. "EADDRINUSE". */
  readonly code: string;
  /** Path of the setting that mends it, or null. */
  readonly setting: string | null;
  /** One or a few lines that name the thing and the mend. */
  readonly message: string;
}
