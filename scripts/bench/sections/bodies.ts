/** Section f: what bodies cost the server, by size, body mode and form of answer; and what looking at less saves. */
import { startConstantUpstream } from "../../../test/support/load.ts";
import type { Bench, Section } from "../bench.ts";
import { type ExtProcContestant, extProcContestants, startServers } from "../ext-proc-contestants.ts";
import { type Figure, figureOf } from "../figures.ts";
import { type HttpMeasurement, measureHttp } from "../http/measure.ts";
import { alternate, lowest, sum } from "../rounds.ts";
import { type Workload, type WorkloadName, workloads } from "../workloads.ts";
import { listenForServers } from "./envoy-listeners.ts";

const sizes: readonly (readonly [bytes: number, name: string])[] = [
  [1024, "1 KiB"],
  [65_536, "64 KiB"],
  [1_048_576, "1 MiB"],
];
const shapes: readonly (readonly [name: WorkloadName, title: string])[] = [
  ["response-body", "BUFFERED, read, empty answer"],
  ["echo-buffered", "BUFFERED, sent back"],
  ["left-streamed", "STREAMED, let through, empty answers"],
  ["read-streamed", "STREAMED, read, empty answers"],
  ["echo-streamed", "STREAMED, sent back"],
  ["echo-duplex", "FULL_DUPLEX_STREAMED, read and sent back"],
];
/** Without bodies: one message each way against two. */
const headerShapes: readonly (readonly [name: WorkloadName, title: string])[] = [
  ["request-header", "request headers only"],
  ["headers", "headers both ways"],
];

export const bodiesThroughEnvoy: Section = {
  id: "f",
  title: "bodies through Envoy 1.40 at saturation",
  async run(bench) {
    const contestants = extProcContestants(bench);
    const figures: Figure[] = [];
    const measure = async (name: WorkloadName, title: string, bytes?: number): Promise<void> => {
      figures.push(...(await measureShape(workloads[name], title, contestants, bench, bytes)));
    };
    for (const [name, title] of headerShapes) await measure(name, title);
    for (const [bytes, size] of sizes) {
      for (const [name, title] of shapes) await measure(name, `${size} ${title}`, bytes);
    }
    return [{ contestants: contestants.map(({ name }) => name), figures }];
  },
};

async function measureShape(
  workload: Workload,
  title: string,
  contestants: readonly ExtProcContestant[],
  bench: Bench,
  responseBytes = workload.responseBytes,
): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(contestants, workload, stack);
  const upstream = stack.use(startConstantUpstream("x".repeat(responseBytes)));
  const { envoy, portOf } = await listenForServers(servers, workload, upstream.port);
  stack.use(envoy);
  for (const server of servers) await measureHttp(portOf(server), { kind: "saturation" }, server.pid, warmUpOf(bench));
  const rounds = await alternate(servers, bench.rounds, (server): Promise<HttpMeasurement> => {
    bench.progress(`f: ${title}, ${server.name}`);
    return measureHttp(portOf(server), { kind: "saturation" }, server.pid, bench.times);
  });
  return describe(title, rounds);
}

/** The code is compiled before anything is counted. */
function warmUpOf({ times }: Bench): Bench["times"] {
  return { ...times, warmUpMs: 0, durationMs: times.firstLoadMs };
}

function describe(title: string, rounds: ReadonlyMap<string, readonly HttpMeasurement[]>): Figure[] {
  return [
    figureOf(
      { what: `${title}: server CPU per 10,000 requests`, unit: "s", digits: 3, better: "lower" },
      rounds,
      (all) => lowest(all, (one) => one.cpuSecondsPer10k),
    ),
    figureOf({ what: "… answers other than 2xx", unit: "", digits: 0, better: null }, rounds, (all) =>
      sum(all, (one) => one.failed),
    ),
  ];
}
