/** The executable as the reference is started: a configuration that is not touched, its ports moved by the environment. */
import { join } from "node:path";
import { executablePath } from "../support/executable.ts";
import { freePorts } from "../support/ports.ts";
import { type RunningProcess, startProcess } from "../support/process.ts";

export interface ReferenceOptions {
  /** What follows the executable. */
  readonly args: readonly string[];
  /** The trigger whose port is moved. */
  readonly trigger?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface RunningReference extends AsyncDisposable {
  readonly process: RunningProcess;
  /** Of the trigger. */
  readonly port: number;
  readonly healthPort: number;
}

export const configurations = join(import.meta.dir, "configurations");
export const functions = join(import.meta.dir, "functions");

/** Does not wait for anything. */
export async function startReference({ args, trigger, env, cwd }: ReferenceOptions): Promise<RunningReference> {
  const [port = 0, healthPort = 0] = freePorts(2);
  const started = startProcess({
    command: [await executablePath(), ...args],
    ...(cwd !== undefined && { cwd }),
    env: {
      PYTHONPATH: functions,
      ...(trigger !== undefined && { [`PROCESSOR_TRIGGERS__${trigger}__ATTRIBUTES__PORT`]: String(port) }),
      PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${healthPort}`,
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
      PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
      ...env,
    },
  });
  return { process: started, port, healthPort, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
}

/** One of the configurations beside this file, by its name. */
export function startConfiguration(
  name: string,
  options: Omit<ReferenceOptions, "args"> = {},
): Promise<RunningReference> {
  return startReference({ ...options, args: ["--config", join(configurations, `${name}.yaml`)] });
}

export async function untilReady({ process, healthPort }: RunningReference): Promise<void> {
  let ended = false;
  void process.exited.then(() => (ended = true));
  for (const deadline = Date.now() + 10_000; !ended && Date.now() < deadline; await Bun.sleep(10)) {
    const response = await fetch(`http://127.0.0.1:${healthPort}/ready`).catch(() => null);
    if (response?.ok === true) return;
  }
  throw new Error(`it is not ready:\n${process.lines.join("\n")}`);
}

/** Exit code and what was written, of a process that ends by itself. */
export async function untilEnd({ process }: RunningReference): Promise<{ code: number | string; output: string }> {
  const code = await Promise.race([process.exited, Bun.sleep(10_000).then(() => "still running")]);
  return { code, output: process.lines.join("\n") };
}
