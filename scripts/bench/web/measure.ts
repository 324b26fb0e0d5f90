/** Web servers measured in turns, and their figures. */
import { join } from "node:path";
import { freePort } from "../../../test/support/ports.ts";
import type { Bench } from "../bench.ts";
import { type Figure, figureOf } from "../figures.ts";
import { type HttpMeasurement, measureHttp } from "../http/measure.ts";
import { disturbance } from "../machine.ts";
import { alternate, highest, lowest, sum } from "../rounds.ts";
import { type RunningServer, startServer } from "../servers.ts";
import type { WebContestant } from "./contestants.ts";
import { answersOnce } from "./work.ts";

/** Of one contestant, a measurement a round. */
export type WebResults = ReadonlyMap<string, readonly HttpMeasurement[]>;

/** Starts all of them; they end with the stack. */
export async function startWebServers(
  contestants: readonly WebContestant[],
  bench: Bench,
  stack: AsyncDisposableStack,
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const { name, prepare } of contestants) {
    const port = freePort();
    const start = { name, port, logFile: join(bench.scratch, `${port}.log`), ...(await prepare(port)) };
    servers.push(stack.use(await startServer(start, answersOnce)));
  }
  return servers;
}

/** As fast as answers come; each server gets a load of some seconds before. */
export async function measureWebServers(
  servers: readonly RunningServer[],
  request: Uint8Array,
  title: string,
  bench: Bench,
): Promise<WebResults> {
  const { times } = bench;
  const warmUp = { ...times, warmUpMs: 0, durationMs: times.firstLoadMs };
  const saturate = (server: RunningServer, during: typeof times): Promise<HttpMeasurement> =>
    measureHttp(server.port, { kind: "saturation" }, server.pid, during, request);
  for (const server of servers) await saturate(server, warmUp);
  return alternate(servers, bench.rounds, (server) => {
    bench.progress(`${title}, ${server.name}`);
    return saturate(server, times);
  });
}

/** The results of these contestants alone. */
export function resultsOf(results: WebResults, names: readonly string[]): WebResults {
  return new Map([...results].filter(([name]) => names.includes(name)));
}

export function describeWeb(work: string, results: WebResults): Figure[] {
  const figure = (
    what: string,
    unit: string,
    digits: number,
    better: Figure["better"],
    valueOf: (all: readonly HttpMeasurement[]) => number,
  ): Figure => figureOf({ what: `${work}: ${what}`, unit, digits, better }, results, valueOf);
  return [
    figure("requests", "/s", 0, "higher", (all) => highest(all, (one) => one.perSecond)),
    figure("p50", "ms", 2, "lower", (all) => lowest(all, (one) => one.p50Ms)),
    figure("p99", "ms", 2, "lower", (all) => lowest(all, (one) => one.p99Ms)),
    figure("server CPU per 10,000 requests", "s", 3, "lower", (all) => lowest(all, (one) => one.cpuSecondsPer10k)),
    figure("RSS at its end", "MB", 0, "lower", (all) => highest(all, (one) => one.rssBytes / 1e6)),
    figure("answers other than 2xx", "", 0, null, (all) => sum(all, (one) => one.failed)),
    figure("kept busy by the load generator", "cores", 2, null, (all) => highest(all, (one) => one.generatorCores)),
    figure(disturbance, "cores", 2, null, (all) => lowest(all, (one) => one.othersCores)),
  ];
}
