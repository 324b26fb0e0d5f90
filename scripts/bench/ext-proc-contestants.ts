/** The ext_proc servers that are compared: the executable with a function, and the same service on @grpc/grpc-js. */
import { join } from "node:path";
import { freePort } from "../../test/support/ports.ts";
import { repositoryRoot } from "../build.ts";
import type { Bench } from "./bench.ts";
import { bundleForNode } from "./bundle-for-node.ts";
import { playOneExchange } from "./client/player.ts";
import { prepareProcessor } from "./processor-files.ts";
import { type RunningServer, startServer } from "./servers.ts";
import type { Workload } from "./workloads.ts";

export interface ExtProcContestant {
  readonly name: string;
  /** The command that serves the workload on this port; writes the files it needs. */
  prepare(workload: Workload, port: number): Promise<readonly string[]>;
}

/** The executable first; without Node on this machine there is none on Node. */
export function extProcContestants(bench: Bench): ExtProcContestant[] {
  const onNode = grpcJsOnNode();
  return [processorContestant(bench), grpcJsOnBun(), ...(onNode === null ? [] : [onNode])];
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

/** One worker, everything else as it comes. */
function processorContestant(bench: Bench): ExtProcContestant {
  return {
    name: "processor",
    prepare: (workload, port) =>
      prepareProcessor(bench, `${workload.name}-${port}`, {
        handler: join(import.meta.dir, "functions", `${workload.name}.ts`),
        triggers: { bench: { kind: "extproc", numWorkers: 1, attributes: { port } } },
      }),
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
    prepare: async (workload, port) => [
      node,
      await bundleForNode(baselineSource),
      `${port}`,
      workload.name,
      protoDirectory,
    ],
  };
}
