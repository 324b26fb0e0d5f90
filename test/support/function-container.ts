/** The compiled processor as the only process of a container: no arguments, no configuration, only an environment. */
import { executablePath } from "./executable.ts";
import { freePorts } from "./ports.ts";
import { type RunningProcess, startProcess } from "./process.ts";

export interface FunctionContainer extends AsyncDisposable {
  /** Of the function's port, without a slash at the end. */
  readonly url: string;
  readonly metricsUrl: string;
  readonly process: RunningProcess;
}

export interface ContainerOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Worker threads; default 1. */
  readonly numWorkers?: number;
}

/** Resolves when the function answers at `/healthz`. Rejects with the log when the process ends before. */
export async function startContainer({ env, cwd, numWorkers = 1 }: ContainerOptions): Promise<FunctionContainer> {
  const [port, admin, health, metrics] = freePorts(4);
  const process = startProcess({
    command: [await executablePath()],
    ...(cwd !== undefined && { cwd }),
    env: {
      FUNC_PORT: String(port),
      SERVER_PORT: String(port),
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: `127.0.0.1:${admin}`,
      PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
      PROCESSOR_PLATFORM__METRICS__SINKS__PULL__KIND: "prometheusPull",
      PROCESSOR_PLATFORM__METRICS__SINKS__PULL__URL: `127.0.0.1:${metrics}`,
      PROCESSOR_PLATFORM__METRICS__FUNCTIONS__0: "pull",
      ...(numWorkers > 1 && {
        PROCESSOR_TRIGGERS__HTTP__KIND: "http",
        PROCESSOR_TRIGGERS__HTTP__NUM_WORKERS: String(numWorkers),
      }),
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilHealthy(url, process);
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
  return {
    url,
    metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    process,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

async function waitUntilHealthy(url: string, process: RunningProcess): Promise<void> {
  let code: number | null = null;
  void process.exited.then((found) => (code = found));
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && code === null; await Bun.sleep(10)) {
    const response = await fetch(`${url}/healthz`).catch(() => null);
    if (response?.ok === true) return;
  }
  const what = code === null ? "was not ready in time" : `ended with ${code}`;
  throw new Error(`the container ${what}:\n${process.lines.join("\n")}`);
}
