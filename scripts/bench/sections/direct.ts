/** Sections a and b: the server alone, driven by the raw client on two connections with sixteen streams each. */
import type { Bench, Section, Table } from "../bench.ts";
import { playExchanges } from "../client/player.ts";
import { extProcContestants, startServers } from "../ext-proc-contestants.ts";
import { type Figure, figureOf } from "../figures.ts";
import { runFor } from "../load.ts";
import { disturbance } from "../machine.ts";
import { type Measurement, measureServer } from "../measure.ts";
import { alternate, highest, lowest, sum } from "../rounds.ts";
import type { RunningServer } from "../servers.ts";
import { type Workload, workloads } from "../workloads.ts";

export const pingPong: Section = {
  id: "a",
  title: "four messages a stream with bodies of 1 KiB, straight to the server",
  run: (bench) => runDirect("a", workloads.bodies, bench),
};

export const headersOnly: Section = {
  id: "b",
  title: "headers only, straight to the server",
  run: (bench) => runDirect("b", workloads.headers, bench),
};

interface DirectMeasurement extends Measurement {
  readonly failed: number;
  readonly completed: number;
  readonly answersPerExchange: number;
  readonly bytesPerExchange: number;
}

const concurrency = { connections: 2, streamsPerConnection: 16 };

async function runDirect(section: string, workload: Workload, bench: Bench): Promise<Table[]> {
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(extProcContestants(bench), workload, stack);
  for (const server of servers)
    await runFor(bench.times.firstLoadMs, playExchanges(server.port, workload, concurrency));
  const results = await alternate(servers, bench.rounds, async (server) => {
    bench.progress(`${section}: ${server.name}`);
    return await measureDirect(server, workload, bench);
  });
  const figure = (what: string, unit: string, digits: number, better: Figure["better"]): Omit<Figure, "values"> => ({
    what,
    unit,
    digits,
    better,
  });
  const figures = [
    figureOf(figure("exchanges", "/s", 0, "higher"), results, (all) => highest(all, (one) => one.perSecond)),
    figureOf(figure("server CPU per 10,000 exchanges", "s", 3, "lower"), results, (all) =>
      lowest(all, (one) => one.cpuSecondsPer10k),
    ),
    figureOf(figure("RSS during the load", "MB", 0, "lower"), results, (all) =>
      highest(all, (one) => one.rssBytes / 1e6),
    ),
    figureOf(figure(disturbance, "cores", 2, null), results, (all) => lowest(all, (one) => one.othersCores)),
    figureOf(figure("failed exchanges", "%", 2, null), results, (all) => failedPercent(all)),
    figureOf(figure("answers per exchange", "", 1, null), results, (all) =>
      highest(all, (one) => one.answersPerExchange),
    ),
    figureOf(figure("bytes of answers per exchange", "", 0, null), results, (all) =>
      highest(all, (one) => one.bytesPerExchange),
    ),
  ];
  return [{ contestants: [...results.keys()], figures }];
}

async function measureDirect(server: RunningServer, workload: Workload, bench: Bench): Promise<DirectMeasurement> {
  const load = playExchanges(server.port, workload, concurrency);
  try {
    const measurement = await measureServer(load, server.pid, bench.times);
    return {
      ...measurement,
      failed: load.failed,
      completed: load.completed,
      answersPerExchange: load.answers / load.completed,
      bytesPerExchange: load.answerBytes / load.completed,
    };
  } finally {
    load.stop();
  }
}

function failedPercent(results: readonly DirectMeasurement[]): number {
  const failed = sum(results, (one) => one.failed);
  return (100 * failed) / (failed + sum(results, (one) => one.completed));
}
