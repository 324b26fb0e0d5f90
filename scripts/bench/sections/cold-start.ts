/** Section i: from starting a process to its first response over HTTP, and to its end when it has a job to do. */
import { join } from "node:path";
import { freePort } from "../../../test/support/ports.ts";
import { startProcess } from "../../../test/support/process.ts";
import type { Bench, Section, Table } from "../bench.ts";
import { bundleForNode } from "../bundle-for-node.ts";
import { type Figure, figureOf } from "../figures.ts";
import { medianOf } from "../latencies.ts";
import { prepareProcessor } from "../processor-files.ts";
import { readOthersCpuSeconds, readTreeUsage } from "../process-tree.ts";
import { alternate, type Disturbable, highest, undisturbed } from "../rounds.ts";
import {
  bareBunServe,
  benchPython,
  bottleOnCheroot,
  expressOnNode,
  processorWith,
  type WebContestant,
} from "../web/contestants.ts";
import { answersOnce } from "../web/work.ts";

export const coldStarts: Section = {
  id: "i",
  title: "cold start to the first response over HTTP, and a job from start to exit",
  run: async (bench) => [await measureServers(bench), await measureJobs(bench)],
};

interface Duration extends Disturbable {
  readonly ms: number;
}

interface ServerDuration extends Duration {
  readonly rssBytes: number;
}

async function measureServers(bench: Bench): Promise<Table> {
  const contestants = [processorWith("fetch", bench), bareBunServe(), ...expressOnNode(), bottleOnCheroot()];
  const results = await alternate(contestants, bench.starts, (contestant) => {
    bench.progress(`i: server, ${contestant.name}`);
    return startOnce(contestant);
  });
  return {
    contestants: [...results.keys()],
    figures: [
      ...describeDurations("start to first response", results),
      figureOf({ what: "RSS after it, median", unit: "MB", digits: 0, better: "lower" }, results, (all) =>
        medianOf(undisturbed(all).map(({ rssBytes }) => rssBytes / 1e6)),
      ),
    ],
  };
}

async function startOnce({ prepare }: WebContestant): Promise<ServerDuration> {
  const port = freePort();
  const { command, env = {} } = await prepare(port);
  let rssBytes = 0;
  const duration = await timed(async () => {
    const server = startProcess({ command, env });
    await answersOnce(port);
    return async () => {
      rssBytes = readTreeUsage(server.pid).rssBytes;
      await server.stop("SIGKILL");
    };
  });
  return { ...duration, rssBytes };
}

interface Job {
  readonly name: string;
  prepare(): Promise<readonly string[]>;
}

/** The executable with a function that does nothing, beside empty programs on what runs such functions. */
async function measureJobs(bench: Bench): Promise<Table> {
  const module = join(import.meta.dir, "..", "jobs", "empty.ts");
  const node = Bun.which("node");
  const jobs: readonly Job[] = [
    {
      name: "processor",
      prepare: () => prepareProcessor(bench, "job", { handler: module, triggers: { bench: { kind: "job" } } }),
    },
    { name: "empty module on Bun", prepare: async () => [process.execPath, module] },
    ...(node === null
      ? []
      : [{ name: "empty module on Node", prepare: async () => [node, await bundleForNode(module)] }]),
    { name: "empty program on Python", prepare: async () => [await benchPython(), "-c", ""] },
  ];
  const results = await alternate(jobs, bench.starts, async ({ name, prepare }) => {
    bench.progress(`i: job, ${name}`);
    const command = await prepare();
    return timed(async () => {
      const child = startProcess({ command });
      const code = await child.exited;
      if (code !== 0) throw new Error(`${name} ended with ${code}:\n${child.lines.join("\n")}`);
      return async () => {};
    });
  });
  return { contestants: [...results.keys()], figures: describeDurations("start to exit", results) };
}

/** How long `run` takes; what it returns cleans up, which does not count. */
async function timed(run: () => Promise<() => Promise<void>>): Promise<Duration> {
  const othersBefore = readOthersCpuSeconds();
  const startedMs = performance.now();
  const cleanUp = await run();
  const ms = performance.now() - startedMs;
  const othersCores = ((readOthersCpuSeconds() - othersBefore) * 1000) / ms;
  await cleanUp();
  return { ms, othersCores };
}

function describeDurations(what: string, results: ReadonlyMap<string, readonly Duration[]>): Figure[] {
  const common = { unit: "ms", digits: 0, better: "lower" } as const;
  const ms = (one: Duration): number => one.ms;
  return [
    figureOf({ ...common, what: `${what}, median` }, results, (all) => medianOf(undisturbed(all).map(ms))),
    figureOf({ ...common, what: `${what}, slowest` }, results, (all) => highest(all, ms)),
  ];
}
