/** SIGTERM: what has begun is finished, what comes later goes elsewhere, and the process ends as soon as it can. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { envoyVersions } from "../../scripts/fetch-envoy.ts";
import { request } from "../support/client.ts";
import { startEnvoy } from "../support/envoy.ts";
import { runLoad, startConstantUpstream } from "../support/load.ts";
import { startProcessor } from "../support/processor.ts";
import { startUpstream } from "../support/upstream.ts";

const functionFile = join(import.meta.dir, "functions", "exchanges.ts");
const get = Buffer.from("GET /steady HTTP/1.1\r\nhost: test.example\r\n\r\n");

const healthChecked = {
  health_checks: [
    {
      timeout: "1s",
      interval: "0.1s",
      unhealthy_threshold: 1,
      healthy_threshold: 1,
      no_traffic_interval: "0.1s",
      grpc_health_check: { service_name: "envoy.service.ext_proc.v3.ExternalProcessor" },
    },
  ],
};

for (const version of envoyVersions) {
  describe(`drain, Envoy ${version}`, () => {
    test("one of two instances goes under load and no request fails", async () => {
      using upstream = startConstantUpstream();
      const options = { function: { file: functionFile }, triggers: { main: { drainDelay: "1s" } } };
      await using leaving = await startProcessor(options);
      await using staying = await startProcessor(options);
      await using envoy = await startEnvoy({
        version,
        upstreamPort: upstream.port,
        listeners: { main: { processors: [leaving.port, staying.port], cluster: healthChecked } },
      });
      await Bun.sleep(500); // Both must be known healthy before the load begins.
      const load = runLoad({
        port: envoy.ports.main,
        requests: 8000,
        connections: 32,
        rate: 2000,
        request: () => get,
      });
      await Bun.sleep(1000);
      const code = await leaving.stop("SIGTERM");
      const { failed, failures, answered } = await load;
      expect({ code, failed, failures, answered }).toEqual({ code: 0, failed: 0, failures: [], answered: 8000 });
      expect(await envoy.counters()).toMatchObject({ streams_failed: 0, failure_mode_allowed: 0 });
    }, 30_000);

    test("every exchange begun before SIGTERM is finished and the exit code is 0", async () => {
      await using upstream = startUpstream();
      await using processor = await startProcessor({ function: { file: functionFile } });
      const processors = [processor.port];
      await using envoy = await startEnvoy({
        version,
        upstreamPort: upstream.port,
        listeners: { main: { processors } },
      });
      const paths = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? "/slow-request" : "/slow-response"));
      const begun = paths.map((path) => request(envoy.ports.main, { path }));
      for (const deadline = Date.now() + 5000; Date.now() < deadline; await Bun.sleep(10)) {
        const labels = { phase: "request_headers" };
        if ((await processor.metric("processor_messages_total", labels)) === paths.length) break;
      }
      const code = await processor.stop("SIGTERM");
      const statuses = (await Promise.all(begun)).map((response) => response.status);
      expect([code, statuses]).toEqual([0, paths.map(() => 200)]);
      expect(await envoy.counters()).toMatchObject({ streams_failed: 0 });
    });
  });
}

describe("exit", () => {
  test("an idle processor ends within a second, whatever gracefulShutdownTimeout allows, and frees its port", async () => {
    await using processor = await startProcessor({
      function: { file: functionFile },
      triggers: { main: { gracefulShutdownTimeout: 15 } },
    });
    const started = performance.now();
    const code = await processor.stop("SIGTERM");
    expect([code, performance.now() - started < 1000]).toEqual([0, true]);
    const connected = await fetch(`http://127.0.0.1:${processor.port}/`).catch(() => null);
    expect(connected).toBe(null);
  });

  test("an Envoy that is connected but idle does not hold the exit up", async () => {
    await using upstream = startUpstream();
    await using processor = await startProcessor({ function: { file: functionFile } });
    const processors = [processor.port];
    await using envoy = await startEnvoy({
      version: envoyVersions[0],
      upstreamPort: upstream.port,
      listeners: { main: { processors } },
    });
    expect((await request(envoy.ports.main, { path: "/" })).status).toBe(200);
    const started = performance.now();
    const code = await processor.stop("SIGTERM");
    expect([code, performance.now() - started < 1000]).toEqual([0, true]);
  });

  test("an exchange that outlives gracefulShutdownTimeout is let go with its original", async () => {
    await using upstream = startUpstream();
    await using processor = await startProcessor({
      function: { source: "export default () => new Promise(() => {});" },
      triggers: { main: { gracefulShutdownTimeout: "500ms" } },
    });
    const processors = [processor.port];
    await using envoy = await startEnvoy({
      version: envoyVersions[0],
      upstreamPort: upstream.port,
      listeners: { main: { processors } },
    });
    const hanging = request(envoy.ports.main, { path: "/" });
    await Bun.sleep(200);
    const code = await processor.stop("SIGTERM");
    expect([code, (await hanging).status]).toEqual([0, 200]);
    expect(await envoy.counters()).toMatchObject({ streams_failed: 0 });
  });

  test("a second signal ends at once", async () => {
    await using processor = await startProcessor({
      function: { file: functionFile },
      triggers: { main: { drainDelay: "10s" } },
    });
    const first = processor.stop("SIGTERM");
    await Bun.sleep(200);
    const started = performance.now();
    await processor.stop("SIGINT");
    await first;
    expect(performance.now() - started < 1000).toBe(true);
  });
});
