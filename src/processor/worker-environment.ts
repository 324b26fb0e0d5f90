/** The environment of the workers and of what the function starts. */
import type { ProcessorConfig } from "../config/contract.ts";

/**
 * Variables that make any executable built with Bun, this one too, run other code than its own: never handed on.
 * https://bun.com/docs/runtime
 */
const runtimeVariables = ["BUN_OPTIONS", "BUN_BE_BUN"] as const;

export interface WorkerEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Names of the variables that were set and are left out. */
  readonly stripped: readonly string[];
}

/** What the function is called, as Nuclio tells its functions, wins over the process's own environment, and `spec.env` over both. */
export function buildWorkerEnvironment(
  processEnv: Readonly<Record<string, string | undefined>>,
  config: Pick<ProcessorConfig, "name" | "description" | "version" | "function" | "env">,
): WorkerEnvironment {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(processEnv)) {
    if (value !== undefined) env[name] = value;
  }
  const { handler } = config.function;
  env["NUCLIO_FUNCTION_NAME"] = config.name;
  env["NUCLIO_FUNCTION_DESCRIPTION"] = config.description;
  env["NUCLIO_FUNCTION_VERSION"] = String(config.version);
  env["NUCLIO_FUNCTION_HANDLER"] = handler;
  env["NUCLIO_HANDLER"] = handler;
  Object.assign(env, config.env);
  const stripped = runtimeVariables.filter((name) => name in env);
  for (const name of stripped) delete env[name];
  return { env, stripped };
}
