/** Section c: the shapes Envoy's own benchmark of the filter measures, through a real Envoy as fast as answers come. */
import { startEnvoy } from "../../../test/support/envoy.ts";
import { startConstantUpstream } from "../../../test/support/load.ts";
import type { Bench, Section } from "../bench.ts";
import { type ExtProcContestant, extProcContestants, startServers } from "../ext-proc-contestants.ts";
import { type Figure, figureOf } from "../figures.ts";
import { startHttpLoad } from "../http/load.ts";
import { clientConnections, type HttpMeasurement, measureHttp } from "../http/measure.ts";
import { encodeRequest } from "../http/request.ts";
import { measureServer } from "../measure.ts";
import { envoyShapes, type Workload, workloads } from "../workloads.ts";
import { listenForServers } from "./envoy-listeners.ts";

export const envoyBenchmarkShapes: Section = {
  id: "c",
  title: "the shapes of Envoy's own benchmark, through Envoy 1.40 at saturation",
  async run(bench) {
    const contestants = extProcContestants(bench);
    const names = contestants.map(({ name }) => name);
    const figures = [await runWithoutProcessor(bench, names)];
    for (const name of envoyShapes) figures.push(...(await runShape(workloads[name], contestants, bench)));
    return [{ contestants: names, figures }];
  },
};

/** What Envoy does alone: the same figure stands for every contestant. */
async function runWithoutProcessor(bench: Bench, names: readonly string[]): Promise<Figure> {
  bench.progress("c: no processor");
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(startConstantUpstream("x".repeat(workloads.headers.responseBytes)));
  const router = {
    name: "envoy.filters.http.router",
    typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
  };
  const listeners = { bare: { processors: [], connectionManager: { http_filters: [router] } } };
  const envoy = stack.use(await startEnvoy({ version: "1.40.0", upstreamPort: upstream.port, listeners }));
  const load = await startHttpLoad(
    { port: envoy.ports.bare, request: encodeRequest(), connections: clientConnections },
    { kind: "saturation" },
  );
  stack.defer(() => load.stop());
  const { perSecond } = await measureServer(load, process.pid, bench.times);
  const values = Object.fromEntries(names.map((name) => [name, perSecond]));
  return { what: "no processor: requests", unit: "/s", digits: 0, better: null, values };
}

async function runShape(
  workload: Workload,
  contestants: readonly ExtProcContestant[],
  bench: Bench,
): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(contestants, workload, stack);
  const upstream = stack.use(startConstantUpstream("x".repeat(workload.responseBytes)));
  const { envoy, portOf } = await listenForServers(servers, workload, upstream.port);
  stack.use(envoy);
  const results = new Map<string, HttpMeasurement>();
  for (const server of servers) {
    bench.progress(`c: ${workload.name}, ${server.name}`);
    // Measured once: its first load is its warm-up.
    const times = { ...bench.times, warmUpMs: bench.times.firstLoadMs };
    results.set(server.name, await measureHttp(portOf(server), { kind: "saturation" }, server.pid, times));
  }
  return [
    figureOf(
      { what: `${workload.title}: requests`, unit: "/s", digits: 0, better: "higher" },
      results,
      (one) => one.perSecond,
    ),
    figureOf(
      { what: "… server CPU per 10,000 requests", unit: "s", digits: 3, better: "lower" },
      results,
      (one) => one.cpuSecondsPer10k,
    ),
    figureOf({ what: "… answers other than 2xx", unit: "", digits: 0, better: null }, results, (one) => one.failed),
  ];
}
