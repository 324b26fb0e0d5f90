/** Configurations in the shape of the reference's samples start as they are and do what they say. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { openExchangeClient } from "../processor/exchange-client.ts";
import { freePorts } from "../support/ports.ts";
import { configurations, startConfiguration, startReference, untilEnd, untilReady } from "./start-reference.ts";

describe("job", () => {
  test("its event reaches the handler, and the process ends with the outcome and without a tail", async () => {
    const startedAt = performance.now();
    await using job = await startConfiguration("job-event");
    const { code, output } = await untilEnd(job);
    expect(output).toContain("the job says: all is done");
    expect(code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test("one without an event, and with empty attributes, runs too", async () => {
    const report = join(scratchDirectory(), "report");
    await using job = await startConfiguration("job-file", { env: { REPORT: report } });
    expect((await untilEnd(job)).code).toBe(0);
    expect(await Bun.file(report).text()).toBe("job oneJob");
  });

  test("a handler that throws makes the exit code 1 and is named with its line", async () => {
    await using job = await startConfiguration("job-file", { env: { REPORT: "/nowhere/report" } });
    const { code, output } = await untilEnd(job);
    expect(code).toBe(1);
    expect(output).toContain("/nowhere/report");
    expect(output).toContain("job_file.py");
  });
});

describe("http", () => {
  async function call(name: string, path: string, init: RequestInit = {}) {
    await using served = await startConfiguration(name, { trigger: "SERVED" });
    await untilReady(served);
    const response = await fetch(`http://127.0.0.1:${served.port}${path}`, init);
    return { status: response.status, body: await response.text(), headers: response.headers };
  }

  test("get", async () => {
    const { status, body, headers } = await call("http-get", "/greet?name=reference");
    expect([status, body, headers.get("x-path")]).toEqual([200, "hello reference", "/greet"]);
  });

  test("post text", async () => {
    const { status, body } = await call("http-post-text", "/", { method: "POST", body: "abc" });
    expect([status, body]).toEqual([200, "cba"]);
  });

  test("post JSON", async () => {
    const { status, body, headers } = await call("http-post-json", "/", {
      method: "POST",
      body: '{"numbers": [1, 2, 3]}',
      headers: { "content-type": "application/json" },
    });
    expect([status, JSON.parse(body), headers.get("content-type")]).toEqual([200, { sum: 6 }, "application/json"]);
  });

  test("a Nuclio function whose source stands in the configuration", async () => {
    await using served = await startConfiguration("nuclio-source", { trigger: "DEFAULT_HTTP" });
    await untilReady(served);
    const response = await fetch(`http://127.0.0.1:${served.port}/`, { method: "POST", body: "hello" });
    expect([response.status, await response.text(), response.headers.get("x-handled")]).toEqual([201, "HELLO", "yes"]);
  });
});

test("a Nuclio function with a schedule, an API and its platform's file", async () => {
  const [metricsPort = 0] = freePorts(1);
  await using ticker = await startReference({
    args: ["nuclio-cron", "platform"].flatMap((name, index) => [
      index === 0 ? "--config" : "--platform-config",
      join(configurations, `${name}.yaml`),
    ]),
    trigger: "HTTP",
    env: { PROCESSOR_PLATFORM__METRICS__SINKS__PULL__URL: `127.0.0.1:${metricsPort}` },
  });
  await untilReady(ticker);
  const tick = JSON.parse(await ticker.process.waitForLine(/"message":"tick"/)) as Record<string, unknown>;
  expect(tick).toMatchObject({ trigger: "every", body: '{"every": "100ms"}', origin: "schedule" });
  const response = await fetch(`http://127.0.0.1:${ticker.port}/`, { headers: { origin: "https://example.com" } });
  expect([response.status, await response.json(), response.headers.get("access-control-allow-origin")]).toEqual([
    200,
    { function: "http", method: "GET" },
    "https://example.com",
  ]);
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const handled = metrics
    .split("\n")
    .find(
      (line) =>
        line.startsWith("nuclio_processor_handled_events_total") &&
        line.includes('trigger_id="http"') &&
        line.includes('"success"'),
    );
  for (const label of ['function="ticker"', 'instance="nuclio-ticker"', 'namespace="nuclio"', 'project="clocks"']) {
    expect(handled).toContain(label);
  }
});

describe("extproc", () => {
  test("four workers really are four: four calls of 200 ms over one connection take less than two", async () => {
    await using guard = await startConfiguration("extproc", { trigger: "EXTPROC" });
    await untilReady(guard);
    using client = openExchangeClient(guard.port);
    const tookMs: number[] = [];
    // On a busy machine the best of three: two workers could not do it in any.
    while (tookMs.length < 3 && Math.min(...tookMs) >= 400) {
      const startedAt = performance.now();
      const answers = await Promise.all(["/", "/secret", "/", "/"].map((path) => client.exchange(path)));
      tookMs.push(performance.now() - startedAt);
      expect(answers.map(({ status }) => status)).toEqual([null, 403, null, null]);
    }
    expect(Math.min(...tookMs)).toBeLessThan(400);
  });
});

test("openinference is known and not served: the start ends with where that is written", async () => {
  await using processor = await startConfiguration("openinference");
  const { code, output } = await untilEnd(processor);
  expect(code).toBe(1);
  expect(output).toContain('The trigger kind "openinference" is known, but this version does not serve it');
  expect(output).toContain("openinference.yaml:11:13");
});
