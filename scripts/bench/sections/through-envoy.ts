/** Section d: HTTP requests through a real Envoy, as fast as answers come and at a fixed rate. */
import { startConstantUpstream } from "../../../test/support/load.ts";
import type { Section } from "../bench.ts";
import { extProcContestants, startServers } from "../ext-proc-contestants.ts";
import { type Figure, figureOf } from "../figures.ts";
import { type Pace, startHttpLoad } from "../http/load.ts";
import { clientConnections, type HttpMeasurement, measureHttp } from "../http/measure.ts";
import { encodeRequest } from "../http/request.ts";
import { runFor } from "../load.ts";
import { disturbance } from "../machine.ts";
import { readTreeUsage } from "../process-tree.ts";
import { alternate, highest, lowest, sum } from "../rounds.ts";
import { workloads } from "../workloads.ts";
import { listenForServers } from "./envoy-listeners.ts";

const saturation: Pace = { kind: "saturation" };
const fixedRate: Pace = { kind: "rate", perSecond: 2000 };
/** Memory during a load shows how lazy a collector is; what stays is read when it had time to give back. */
const settleMs = 5000;

/** What is read once, after all rounds. */
interface Aftermath {
  readonly rssBytes: number;
  readonly connections: number;
}

type Results = ReadonlyMap<string, readonly HttpMeasurement[]>;

export const throughEnvoy: Section = {
  id: "d",
  title: "through Envoy 1.40 with one worker: headers both ways, 32 client connections",
  async run(bench) {
    const workload = workloads.headers;
    await using stack = new AsyncDisposableStack();
    const servers = await startServers(extProcContestants(bench), workload, stack);
    const upstream = stack.use(startConstantUpstream("x".repeat(workload.responseBytes)));
    const { envoy, portOf, connectionsTo } = await listenForServers(servers, workload, upstream.port);
    stack.use(envoy);
    for (const server of servers) {
      const target = { port: portOf(server), request: encodeRequest(), connections: clientConnections };
      await runFor(bench.times.firstLoadMs, await startHttpLoad(target, saturation));
    }
    const measureAt = (pace: Pace, load: string): Promise<Results> =>
      alternate(servers, bench.rounds, (server) => {
        bench.progress(`d: ${load}, ${server.name}`);
        return measureHttp(portOf(server), pace, server.pid, bench.times);
      });
    const saturated = await measureAt(saturation, "saturation");
    const fixed = await measureAt(fixedRate, "2,000 requests/s");
    await Bun.sleep(settleMs);
    const aftermath = new Map<string, Aftermath>();
    for (const server of servers) {
      const { rssBytes } = readTreeUsage(server.pid);
      aftermath.set(server.name, { rssBytes, connections: await connectionsTo(server) });
    }
    const figures = [
      ...describeLoad("saturation", "higher", saturated),
      ...describeLoad("2,000 requests/s", null, fixed),
      figureOf(
        { what: "RSS 5 s after the load", unit: "MB", digits: 0, better: "lower" },
        aftermath,
        ({ rssBytes }) => rssBytes / 1e6,
      ),
      figureOf(
        { what: "connections Envoy opened to the server", unit: "", digits: 0, better: null },
        aftermath,
        ({ connections }) => connections,
      ),
    ];
    return [{ contestants: [...saturated.keys()], figures }];
  },
};

/** `rateIs` says whether the rate is a finding: at a fixed rate it is given. */
function describeLoad(load: string, rateIs: Figure["better"], results: Results): Figure[] {
  const figure = (
    what: string,
    unit: string,
    digits: number,
    better: Figure["better"],
    valueOf: (all: readonly HttpMeasurement[]) => number,
  ): Figure => figureOf({ what: `${load}: ${what}`, unit, digits, better }, results, valueOf);
  return [
    figure("requests", "/s", 0, rateIs, (all) => highest(all, (one) => one.perSecond)),
    figure("p50", "ms", 2, "lower", (all) => lowest(all, (one) => one.p50Ms)),
    figure("p99", "ms", 2, "lower", (all) => lowest(all, (one) => one.p99Ms)),
    figure("requests sent in all rounds", "", 0, null, (all) => sum(all, (one) => one.requests)),
    figure("answers other than 2xx", "", 0, null, (all) => sum(all, (one) => one.failed)),
    figure("server CPU per 10,000 requests", "s", 3, "lower", (all) => lowest(all, (one) => one.cpuSecondsPer10k)),
    figure("RSS at its end", "MB", 0, "lower", (all) => highest(all, (one) => one.rssBytes / 1e6)),
    figure(disturbance, "cores", 2, null, (all) => lowest(all, (one) => one.othersCores)),
  ];
}
