/** The ext_proc servers that are compared: the executable with a function, and the same service on @grpc/grpc-js. */
import { join } from "node:path";
import { freePort, freePorts } from "../../test/support/ports.ts";
import { repositoryRoot } from "../build.ts";
import type { Bench } from "./bench.ts";
import { playOneExchange } from "./client/player.ts";
import { type RunningServer, startServer } from "./servers.ts";
import type { Workload } from "./workloads.ts";

export interface ExtProcContestant {
  readonly name: string;
  /** The command that serves the workload on this port; writes the files it needs. */
  prepare(workload: Workload, port: number): Promise<readonly string[]>;
}

/** The executable first; without Node on this machine there is none on Node. */
export function extProcContestants({ executable, scratch }: Bench): ExtProcContestant[] {
  const onNode = grpcJsOnNode();
  return [processorContestant(executable, scratch), grpcJsOnBun(), ...(onNode === null ? [] : [onNode])];
}

/** Starts all of them; they end with the stack. */
export async function startServers(
  contestants: readonly ExtProcContestant[],
  workload: Workload,
  stack: AsyncDisposableStack,
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const { name, prepare } of contestants) {
    const port = freePort();
    const command = await prepare(workload, port);
    servers.push(stack.use(await startServer({ name, port, command }, () => playOneExchange(port, workload))));
  }
  return servers;
}

/** `scratch` takes the configuration files. */
function processorContestant(executable: string, scratch: string): ExtProcContestant {
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

function grpcJsOnBun(): ExtProcContestant {
  return {
    name: "grpc-js on Bun",
    prepare: async (workload, port) => [process.execPath, baselineSource, `${port}`, workload.name, protoDirectory],
  };
}

/** Null when there is no Node on this machine. */
function grpcJsOnNode(): ExtProcContestant | null {
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
