/** The compiled processor with a configuration and a function of the test's own, in a directory of its own. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "./executable.ts";
import { metricValue } from "./metrics.ts";
import { freePorts } from "./ports.ts";
import { type RunningProcess, startProcess } from "./process.ts";

export interface ProcessorOptions {
  /** The function: an existing file, or the source text of `function.ts`. */
  readonly function: { readonly file: string } | { readonly source: string };
  /** Kind of every trigger. Default extproc. */
  readonly kind?: string;
  /** Attributes of each trigger, by trigger name. A `port` is chosen where neither `port` nor `socket` is given. */
  readonly triggers?: Readonly<Record<string, object>>;
  /** Worker threads of every trigger. Default 1. */
  readonly numWorkers?: number;
  /** Fields of `spec`, over the ones made from the options above. */
  readonly spec?: object;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface RunningProcessor extends AsyncDisposable {
  /** The port of each trigger that listens on TCP. */
  readonly ports: Readonly<Record<string, number>>;
  /** The port of the first trigger. */
  readonly port: number;
  readonly healthPort: number;
  readonly metricsPort: number;
  readonly adminPort: number;
  readonly pid: number;
  /** The log so far, a JSON object a line. */
  readonly lines: readonly string[];
  readonly exited: Promise<number>;
  waitForLine: RunningProcess["waitForLine"];
  /** Sends SIGTERM (or another signal) and resolves with the exit code. */
  stop: RunningProcess["stop"];
  /** Sum of the metric's series that carry the labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

/** Starts the processor and resolves when it says it is ready. Rejects with its log when it ends before. */
export async function startProcessor(options: ProcessorOptions): Promise<RunningProcessor> {
  const { triggers = { test: {} }, numWorkers = 1, kind = "extproc" } = options;
  const names = Object.keys(triggers);
  const [adminPort = 0, healthPort = 0, metricsPort = 0, ...free] = freePorts(names.length + 3);
  const ports: Record<string, number> = {};
  const specTriggers: Record<string, object> = {};
  for (const [index, name] of names.entries()) {
    const attributes: { port?: number; socket?: unknown } = { ...triggers[name] };
    if (attributes.socket === undefined) attributes.port ??= free[index] ?? 0;
    if (attributes.port !== undefined) ports[name] = attributes.port;
    specTriggers[name] = { kind, numWorkers, attributes };
  }

  const directory = scratchDirectory();
  const config = join(directory, "processor.yaml");
  const platform = join(directory, "platform.yaml");
  if ("source" in options.function) await Bun.write(join(directory, "function.ts"), options.function.source);
  const handler = "file" in options.function ? options.function.file : "./function.ts";
  const spec = { handler, triggers: specTriggers, ...options.spec };
  // JSON is YAML.
  await Bun.write(config, JSON.stringify({ metadata: { name: "test" }, spec }, null, 1));
  await Bun.write(
    platform,
    JSON.stringify({
      webAdmin: { enabled: true, listenAddress: `127.0.0.1:${adminPort}` },
      healthCheck: { enabled: true, listenAddress: `127.0.0.1:${healthPort}` },
      metrics: {
        sinks: { pull: { kind: "prometheusPull", enabled: true, url: `127.0.0.1:${metricsPort}` } },
        functions: ["pull"],
      },
    }),
  );

  const child = startProcess({
    command: [await executablePath(), "--config", config, "--platform-config", platform],
    cwd: directory,
    // What a killed processor leaves behind goes with the rest.
    env: { TMPDIR: directory, ...options.env },
  });
  const dispose = async (): Promise<void> => {
    await child[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(healthPort, child);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    ports,
    port: Object.values(ports)[0] ?? 0,
    healthPort,
    metricsPort,
    adminPort,
    pid: child.pid,
    lines: child.lines,
    exited: child.exited,
    waitForLine: child.waitForLine,
    stop: child.stop,
    metric: async (name, labels) => {
      const page = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
      return metricValue(await page.text(), name, labels);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function waitUntilReady(healthPort: number, child: RunningProcess): Promise<void> {
  let code: number | null = null;
  void child.exited.then((found) => (code = found));
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && code === null; await Bun.sleep(10)) {
    const response = await fetch(`http://127.0.0.1:${healthPort}/ready`).catch(() => null);
    if (response?.ok === true) return;
  }
  const what = code === null ? "was not ready in time" : `ended with ${code}`;
  throw new Error(`the processor ${what}:\n${child.lines.join("\n")}`);
}
