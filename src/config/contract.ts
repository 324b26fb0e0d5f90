/** What the processor runs from, after the file and the environment were read, checked and completed. Plain data. */
import type { SourceCode } from "../function/inline/source-code.ts";
import type { OpenTriggerConfig } from "../triggers/contract.ts";

export interface ProcessorConfig {
  /** `metadata.name`, "processor" when absent. */
  readonly name: string;
  /** `metadata.namespace`, "default" when absent. */
  readonly namespace: string;
  /** Label `nuclio.io/project-name`, "" when absent. */
  readonly project: string;
  /** `spec.description`, "" when absent. */
  readonly description: string;
  /** `spec.version`, 0 when absent. */
  readonly version: number;
  readonly function: FunctionConfig;
  readonly triggers: readonly OpenTriggerConfig[];
  /** `spec.env`, name to value. Set in the process before the function is loaded. */
  readonly env: Readonly<Record<string, string>>;
  /** `spec.eventTimeout` in ms; 0 = none. */
  readonly eventTimeoutMs: number;
  /** A worker that gives no sign of life for this long is replaced. `spec.hangTimeout`; Infinity: never. */
  readonly hangTimeoutMs: number;
  readonly log: LogConfig;
  readonly platform: PlatformConfig;
}

export interface FunctionConfig {
  /** `spec.handler` or the command line's file; "" when neither is given. */
  readonly handler: string;
  /** `spec.runtime`, "" when absent. */
  readonly runtime: string;
  /** Directories in which the handler is looked for, in order; absolute. The configuration file's own comes first. */
  readonly searchPath: readonly string[];
  /** `spec.build.functionSourceCode`; null when the function is a file. */
  readonly sourceCode: SourceCode | null;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogConfig {
  readonly level: LogLevel;
  /** "auto": readable on a terminal, JSON lines otherwise. */
  readonly format: "auto" | "console" | "json";
}

export interface PlatformConfig {
  readonly admin: ListenConfig;
  readonly health: ListenConfig;
  readonly metrics: ListenConfig & { /** Label `instance` of every series. */ readonly instanceName: string };
}

/** An HTTP port of the processor's own. */
export interface ListenConfig {
  readonly enabled: boolean;
  readonly hostname: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Written in the configuration by the user: then a busy port ends the start. */
  readonly explicit: boolean;
}

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  readonly severity: "error" | "warning";
  /** Stable, e.g. "unknown-key", "wrong-type", "duplicate-key", "missing-key", "bad-value", "unset-variable". */
  readonly code: string;
  /** Dotted path, e.g. "spec.triggers.gate.attributes.port"; "" for the whole document. */
  readonly path: string;
  /** What is wrong and, where known, the mend ("did you mean …?"). One sentence, no trailing newline. */
  readonly message: string;
  /** Where: a file and place in it, an environment variable, or the command line. */
  readonly source: ProblemSource;
}

export type ProblemSource =
  | {
      readonly kind: "file";
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly excerpt: string;
    }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "command line"; readonly option: string };

/** `config` is null exactly when a problem of severity "error" is among the problems. */
export interface ConfigResult {
  readonly config: ProcessorConfig | null;
  readonly problems: readonly ConfigProblem[];
  /**
   * Where the triggers are from: "written" by the user; "known" is the only one that suits what was written; "assumed"
   * stands in for the one the function's exports would decide.
   */
  readonly triggersAre: "written" | "known" | "assumed";
}
