/** Section e: from starting the process to its first answered exchange, and what it holds while idle. */
import { freePort } from "../../../test/support/ports.ts";
import { startProcess } from "../../../test/support/process.ts";
import type { Section } from "../bench.ts";
import { playOneExchange } from "../client/player.ts";
import { type ExtProcContestant, extProcContestants } from "../ext-proc-contestants.ts";
import { figureOf } from "../figures.ts";
import { medianOf } from "../latencies.ts";
import { readOthersCpuSeconds, readTreeUsage } from "../process-tree.ts";
import { alternate, type Disturbable, highest, undisturbed } from "../rounds.ts";
import { workloads } from "../workloads.ts";

const idleMs = 2000;

export const coldStart: Section = {
  id: "e",
  title: "start and idle memory, one worker",
  async run(bench) {
    const results = await alternate(extProcContestants(bench), bench.starts, (contestant) => {
      bench.progress(`e: ${contestant.name}`);
      return startOnce(contestant);
    });
    const common = { digits: 0, better: "lower" } as const;
    const startMs = (one: Start): number => one.firstAnswerMs;
    const figures = [
      figureOf({ ...common, what: "start to first answered exchange, median", unit: "ms" }, results, (all) =>
        medianOf(undisturbed(all).map(startMs)),
      ),
      figureOf({ ...common, what: "start to first answered exchange, slowest", unit: "ms" }, results, (all) =>
        highest(all, startMs),
      ),
      figureOf({ ...common, what: "idle RSS after it, median", unit: "MB" }, results, (all) =>
        medianOf(undisturbed(all).map(({ idleRssBytes }) => idleRssBytes / 1e6)),
      ),
    ];
    return [{ contestants: [...results.keys()], figures }];
  },
};

interface Start extends Disturbable {
  readonly firstAnswerMs: number;
  readonly idleRssBytes: number;
}

async function startOnce(contestant: ExtProcContestant): Promise<Start> {
  const port = freePort();
  const command = await contestant.prepare(workloads.headers, port);
  const othersBefore = readOthersCpuSeconds();
  const startedMs = performance.now();
  await using server = startProcess({ command });
  await playOneExchange(port, workloads.headers);
  const firstAnswerMs = performance.now() - startedMs;
  await Bun.sleep(idleMs);
  const othersSeconds = readOthersCpuSeconds() - othersBefore;
  const othersCores = (othersSeconds * 1000) / (performance.now() - startedMs);
  return { firstAnswerMs, idleRssBytes: readTreeUsage(server.pid).rssBytes, othersCores };
}
