/** Web servers that do the same small work, JSON in and JSON out: the executable with functions of every contract, and others. */
import { join } from "node:path";
import { repositoryRoot } from "../../build.ts";
import { makePythonEnvironment } from "../../python-environment.ts";
import type { Bench } from "../bench.ts";
import { bundleForNode } from "../bundle-for-node.ts";
import { prepareProcessor } from "../processor-files.ts";
import type { ServerStart } from "../servers.ts";

export interface WebContestant {
  readonly name: string;
  /** What serves on this port; writes the files it needs. */
  prepare(port: number): Promise<Pick<ServerStart, "command" | "env">>;
}

const functions = join(import.meta.dir, "functions");
const servers = join(import.meta.dir, "servers");

/** Name of the contestant, then what `spec` says of the function. */
const onProcessor = {
  fetch: { name: "processor, fetch", handler: "fetch.ts", runtime: "" },
  nuclio: { name: "processor, Nuclio", handler: "nuclio.js", runtime: "nodejs" },
  kubeless: { name: "processor, Kubeless", handler: "kubeless.js:greet", runtime: "kubeless" },
  python: { name: "processor, Python", handler: "nuclio.py:handler", runtime: "python" },
} as const;

/** The executable with one worker. */
export function processorWith(contract: keyof typeof onProcessor, bench: Bench): WebContestant {
  const { name, handler, runtime } = onProcessor[contract];
  return {
    name,
    async prepare(port) {
      const command = await prepareProcessor(bench, `${contract}-${port}`, {
        handler: join(functions, handler),
        ...(runtime === "" ? {} : { runtime }),
        triggers: { bench: { kind: "http", numWorkers: 1, attributes: { host: "127.0.0.1", port } } },
      });
      if (contract !== "python") return { command };
      return { command, env: { NUCLIO_PYTHON_EXE_PATH: await benchPython() } };
    },
  };
}

export function bareBunServe(): WebContestant {
  return {
    name: "Bun.serve",
    prepare: async (port) => ({ command: [process.execPath, join(servers, "bun-serve.ts"), `${port}`] }),
  };
}

/** None when there is no Node on this machine. */
export function expressOnNode(): WebContestant[] {
  const node = Bun.which("node");
  if (node === null) return [];
  return [
    {
      name: "express on Node",
      prepare: async (port) => ({
        command: [node, await bundleForNode(join(servers, "express.ts")), `${port}`],
        env: { NODE_ENV: "production" },
      }),
    },
  ];
}

export function bottleOnCheroot(): WebContestant {
  return {
    name: "bottle on cheroot",
    prepare: async (port) => ({ command: [await benchPython(), join(servers, "bottle_server.py"), `${port}`] }),
  };
}

/** What Kubeless and Kyma serve functions in Python with. */
const requirements = ["bottle==0.13.4", "cheroot==11.1.2"];

/** The Python of all contestants: the real interpreter rather than a launcher in front of it. */
export async function benchPython(): Promise<string> {
  const home = join(repositoryRoot, ".cache", `bench-${requirements.join("-").replaceAll("==", "-")}`);
  const python = join(home, "bin", "python3");
  if (!(await Bun.file(python).exists())) await makePythonEnvironment(home, requirements, "measure bottle on cheroot");
  return python;
}
