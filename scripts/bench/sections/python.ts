/** Section h: handlers in Python, behind the http trigger and through Envoy. */
import { join } from "node:path";
import { freePort } from "../../../test/support/ports.ts";
import { startConstantUpstream } from "../../../test/support/load.ts";
import type { Bench, Section, Table } from "../bench.ts";
import { playOneExchange } from "../client/player.ts";
import { type HttpMeasurement, measureHttp } from "../http/measure.ts";
import { prepareProcessor } from "../processor-files.ts";
import { alternate } from "../rounds.ts";
import { type RunningServer, startServer } from "../servers.ts";
import { benchPython, bottleOnCheroot, processorWith } from "../web/contestants.ts";
import { describeWeb, measureWebServers, startWebServers } from "../web/measure.ts";
import { jsonRequest } from "../web/work.ts";
import { workloads } from "../workloads.ts";
import { listenForServers } from "./envoy-listeners.ts";

export const python: Section = {
  id: "h",
  title: "a handler in Python with one worker, behind http and through Envoy 1.40; usage of its processes included",
  run: async (bench) => [await measureHttpTrigger(bench), await measureThroughEnvoy(bench)],
};

async function measureHttpTrigger(bench: Bench): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const servers = await startWebServers([processorWith("python", bench), bottleOnCheroot()], bench, stack);
  const results = await measureWebServers(servers, jsonRequest, "h: http", bench);
  return { contestants: [...results.keys()], figures: describeWeb("http, JSON to JSON", results) };
}

/** Headers set both ways by a handler of the type `wrapprocessor`. */
async function measureThroughEnvoy(bench: Bench): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const servers = [
    stack.use(await startWrapProcessor("processor, Python", "headers.py:handler", "python", bench)),
    stack.use(await startWrapProcessor("processor, Nuclio", "headers.js:handler", "nodejs", bench)),
  ];
  const upstream = stack.use(startConstantUpstream("x".repeat(workloads.headers.responseBytes)));
  const { envoy, portOf } = await listenForServers(servers, workloads.headers, upstream.port);
  stack.use(envoy);
  const saturate = (server: RunningServer, times = bench.times): Promise<HttpMeasurement> =>
    measureHttp(portOf(server), { kind: "saturation" }, server.pid, times);
  for (const server of servers) {
    await saturate(server, { ...bench.times, warmUpMs: 0, durationMs: bench.times.firstLoadMs });
  }
  const results = await alternate(servers, bench.rounds, (server) => {
    bench.progress(`h: through Envoy, ${server.name}`);
    return saturate(server);
  });
  return { contestants: [...results.keys()], figures: describeWeb("through Envoy", results) };
}

async function startWrapProcessor(
  name: string,
  handler: string,
  runtime: string,
  bench: Bench,
): Promise<RunningServer> {
  const port = freePort();
  const command = await prepareProcessor(bench, `wrap-${runtime}`, {
    handler: join(import.meta.dir, "..", "functions", handler),
    runtime,
    triggers: { bench: { kind: "extproc", numWorkers: 1, attributes: { type: "wrapprocessor", port } } },
  });
  const env = { NUCLIO_PYTHON_EXE_PATH: await benchPython() };
  const start = { name, port, command, env, logFile: join(bench.scratch, `${port}.log`) };
  return startServer(start, () => playOneExchange(port, workloads.headers));
}
