/** Section d: HTTP requests through a real Envoy, at a fixed rate and as fast as answers come. */
import { startConstantUpstream } from "../../../test/support/load.ts";
import type { Section } from "../bench.ts";
import { type ContestantName, startServers } from "../contestants.ts";
import { type Figure, figureOf } from "../figures.ts";
import type { Pace } from "../http/load.ts";
import { type HttpMeasurement, measureHttp } from "../http/measure.ts";
import { readTreeUsage } from "../process-tree.ts";
import { alternate, highest, lowest, sum } from "../rounds.ts";
import { workloads } from "../workloads.ts";
import { listenForServers } from "./envoy-listeners.ts";

const fixedRate: Pace = { kind: "rate", perSecond: 2000 };
const saturation: Pace = { kind: "saturation" };
const settleMs = 5000;

export const throughEnvoy: Section = {
  id: "d",
  title: "through Envoy 1.40 with one worker: headers both ways, 32 client connections",
  async run(bench) {
    const workload = workloads.headers;
    await using stack = new AsyncDisposableStack();
    const servers = await startServers(bench.contestants, workload, stack);
    const upstream = stack.use(startConstantUpstream("x".repeat(workload.responseBytes)));
    const { envoy, portOf, connectionsTo } = await listenForServers(servers, workload, upstream.port);
    stack.use(envoy);
    const results = await alternate(servers, bench.rounds, async (server) => {
      bench.progress(`d: ${server.name}`);
      return {
        fixed: await measureHttp(portOf(server), fixedRate, server.pid, bench.times),
        saturated: await measureHttp(portOf(server), saturation, server.pid, bench.times),
      };
    });
    // During a load memory shows how lazy the collector is; what stays is read when it had time to give back.
    await Bun.sleep(settleMs);
    const settled = new Map(servers.map((server) => [server.name, readTreeUsage(server.pid).rssBytes]));
    const connections = new Map<ContestantName, number>();
    for (const server of servers) connections.set(server.name, await connectionsTo(server));
    return [
      ...describe(
        "2,000 requests/s",
        mapValues(results, (all) => all.map(({ fixed }) => fixed)),
        false,
      ),
      ...describe(
        "saturation",
        mapValues(results, (all) => all.map(({ saturated }) => saturated)),
        true,
      ),
      figureOf(
        { ...common, what: "RSS 5 s after the load", unit: "MB", digits: 0, better: "lower" },
        settled,
        megabytes,
      ),
      figureOf(
        { ...common, what: "connections Envoy opened to the server", unit: "", digits: 0, better: null },
        connections,
        (count) => count,
      ),
    ];
  },
};

const common = { section: "d" } as const;

function describe(
  load: string,
  results: ReadonlyMap<ContestantName, readonly HttpMeasurement[]>,
  rateIsAFinding: boolean,
): Figure[] {
  const figure = (
    what: string,
    unit: string,
    digits: number,
    better: Figure["better"],
    valueOf: (all: readonly HttpMeasurement[]) => number,
  ): Figure => figureOf({ ...common, what: `${load}: ${what}`, unit, digits, better }, results, valueOf);
  const rate = figure("requests", "/s", 0, rateIsAFinding ? "higher" : null, (all) =>
    highest(all, (one) => one.perSecond),
  );
  return [
    rate,
    figure("p50", "ms", 2, "lower", (all) => lowest(all, (one) => one.p50Ms)),
    figure("p99", "ms", 2, "lower", (all) => lowest(all, (one) => one.p99Ms)),
    figure("requests sent in all rounds", "", 0, null, (all) => sum(all, (one) => one.requests)),
    figure("answers other than 2xx", "", 0, null, (all) => sum(all, (one) => one.failed)),
    figure("server CPU per 10,000 requests", "s", 3, "lower", (all) => lowest(all, (one) => one.cpuSecondsPer10k)),
    figure("RSS at its end", "MB", 0, "lower", (all) => highest(all, (one) => megabytes(one.rssBytes))),
  ];
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}

function mapValues<Key, Value, Result>(
  map: ReadonlyMap<Key, Value>,
  change: (value: Value) => Result,
): Map<Key, Result> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
