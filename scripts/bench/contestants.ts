/** The servers that are compared: the executable with a function, and the same service on @grpc/grpc-js. */
import { join } from "node:path";
import { freePort, freePorts } from "../../test/support/ports.ts";
import { type RunningProcess, startProcess } from "../../test/support/process.ts";
import { repositoryRoot } from "../build.ts";
import { playOneExchange } from "./client/player.ts";
import type { Workload } from "./workloads.ts";

export const contestantNames = ["processor", "grpc-js on Bun", "grpc-js on Node"] as const;
export type ContestantName = (typeof contestantNames)[number];

export interface Contestant {
  readonly name: ContestantName;
  /** The command that serves the workload on this port; writes the files it needs. */
  prepare(workload: Workload, port: number): Promise<readonly string[]>;
}

export interface RunningServer extends AsyncDisposable {
  readonly name: ContestantName;
  readonly port: number;
  readonly pid: number;
}

/** Starts all of them; they end with the stack. */
export async function startServers(
  contestants: readonly Contestant[],
  workload: Workload,
  stack: AsyncDisposableStack,
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const contestant of contestants) servers.push(stack.use(await startServer(contestant, workload)));
  return servers;
}

/** Starts the server and resolves once it has answered an exchange. */
async function startServer(contestant: Contestant, workload: Workload): Promise<RunningServer> {
  const port = freePort();
  const server = startProcess({ command: await contestant.prepare(workload, port) });
  try {
    await answersOrEnds(server, port, workload);
  } catch (error) {
    await server.stop("SIGKILL");
    throw new Error(`${contestant.name} does not serve ${workload.name}:\n${server.lines.join("\n")}`, {
      cause: error,
    });
  }
  return {
    name: contestant.name,
    port,
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      await server.stop("SIGTERM", 2000);
    },
  };
}

/** Rejects as soon as the process ends: nobody will answer then. */
async function answersOrEnds(server: RunningProcess, port: number, workload: Workload): Promise<void> {
  const ended = server.exited.then((code) => {
    throw new Error(`ended with exit code ${code}`);
  });
  await Promise.race([playOneExchange(port, workload), ended]);
  ended.catch(() => {}); // it is to end later, and the race is over
}

/** `scratch` takes the configuration files. */
export function processorContestant(executable: string, scratch: string): Contestant {
  return {
    name: "processor",
    async prepare(workload, port) {
      const config = join(scratch, `${workload.name}-${port}.yaml`);
      const platform = join(scratch, `platform-${port}.yaml`);
      await Bun.write(config, JSON.stringify(processorConfig(workload, port)));
      await Bun.write(platform, JSON.stringify(platformConfig()));
      return [executable, "--config", config, "--platform-config", platform];
    },
  };
}

/** One worker, everything else as it comes. */
function processorConfig(workload: Workload, port: number): object {
  return {
    metadata: { name: "bench" },
    spec: {
      handler: join(import.meta.dir, "functions", `${workload.name}.ts`),
      triggers: { bench: { kind: "extproc", numWorkers: 1, attributes: { port } } },
    },
  };
}

/** Health checks and metrics are served, as in use; the ports are chosen so that several processors can run. */
function platformConfig(): object {
  const [admin, health, metrics] = freePorts(3).map((port) => `127.0.0.1:${port}`);
  return {
    webAdmin: { enabled: true, listenAddress: admin },
    healthCheck: { enabled: true, listenAddress: health },
    metrics: {
      sinks: { pull: { kind: "prometheusPull", enabled: true, url: metrics } },
      functions: ["pull"],
    },
  };
}

const baselineSource = join(import.meta.dir, "baseline", "server.ts");
const protoDirectory = join(repositoryRoot, "proto");

export function grpcJsOnBun(): Contestant {
  return {
    name: "grpc-js on Bun",
    prepare: async (workload, port) => [process.execPath, baselineSource, `${port}`, workload.name, protoDirectory],
  };
}

/** Null when there is no Node on this machine. */
export function grpcJsOnNode(): Contestant | null {
  const node = Bun.which("node");
  if (node === null) return null;
  return {
    name: "grpc-js on Node",
    prepare: async (workload, port) => [node, await bundleForNode(), `${port}`, workload.name, protoDirectory],
  };
}

/** Node before 22 cannot run TypeScript. The bundle stays inside the repository, where it finds its packages. */
async function bundleForNode(): Promise<string> {
  const outdir = join(repositoryRoot, ".cache", "bench");
  await Bun.build({
    entrypoints: [baselineSource],
    target: "node",
    packages: "external",
    outdir,
    naming: "[name].mjs",
  });
  return join(outdir, "server.mjs");
}
