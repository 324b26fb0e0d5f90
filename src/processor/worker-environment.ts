/** The environment of the workers and of what the function starts. */

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

/** `spec.env` wins over the process's own environment. */
export function buildWorkerEnvironment(
  processEnv: Readonly<Record<string, string | undefined>>,
  specEnv: Readonly<Record<string, string>>,
): WorkerEnvironment {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(processEnv)) {
    if (value !== undefined) env[name] = value;
  }
  Object.assign(env, specEnv);
  const stripped = runtimeVariables.filter((name) => name in env);
  for (const name of stripped) delete env[name];
  return { env, stripped };
}
