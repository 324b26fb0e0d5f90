/** Every example that needs no Envoy, as it stands in its folder; only ports, and for cron the time, are moved. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build.ts";
import { executablePath } from "../support/executable.ts";
import { freePorts } from "../support/ports.ts";
import { type RunningProcess, startProcess } from "../support/process.ts";

const examples = join(repositoryRoot, "examples");

interface RunningExample extends AsyncDisposable {
  readonly url: string;
  readonly process: RunningProcess;
}

async function startExample(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningExample> {
  const [port = 0, health] = freePorts(2);
  const started = startProcess({
    command: [await executablePath(), "--config", join(examples, name, "processor.yaml")],
    env: {
      PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
      PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
      PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
      ...((await Bun.file(join(examples, name, "processor.yaml")).text()).includes("kind: http") && {
        [`PROCESSOR_TRIGGERS__${name.toUpperCase()}__ATTRIBUTES__PORT`]: String(port),
      }),
      ...env,
    },
  });
  await started.waitForLine(/ready in/, 10_000);
  return {
    url: `http://127.0.0.1:${port}`,
    process: started,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

async function answerOf(response: Response): Promise<[number, unknown]> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return [response.status, isJson ? JSON.parse(text) : text];
}

/** One test an example; a folder without one fails below. */
const tests: Readonly<Record<string, () => Promise<void>>> = {
  async api() {
    await using example = await startExample("api");
    const { url } = example;
    expect(await answerOf(await fetch(`${url}/hello?name=ann`))).toEqual([200, { hello: "ann" }]);
    expect(await answerOf(await fetch(`${url}/total`, { method: "POST", body: "[1, 2]" }))).toEqual([
      200,
      { total: 3 },
    ]);
    expect(await answerOf(await fetch(`${url}/total`, { method: "POST", body: "{}" }))).toEqual([
      400,
      { error: "send a list of numbers" },
    ]);
    expect(await answerOf(await fetch(`${url}/other`))).toEqual([404, { error: "not found" }]);
    const countdown = await fetch(`${url}/countdown`);
    const reader = countdown.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe("data: 3\n\n");
    await reader?.cancel();
  },

  async nuclio() {
    await using example = await startExample("nuclio");
    const answer = await fetch(`${example.url}/greet?name=ann`);
    expect(answer.headers.get("x-started-at")).toMatch(/^\d{4}-/);
    expect(await answerOf(answer)).toEqual([200, "hello ann"]);
    expect(await answerOf(await fetch(example.url))).toEqual([400, { error: "who are you? ask with ?name=" }]);
  },

  async kyma() {
    await using example = await startExample("kyma");
    const json = { "content-type": "application/json" };
    const call = (body: string, headers = json) => fetch(example.url, { method: "POST", body, headers });
    expect(await answerOf(await call('{"id":7}'))).toEqual([200, { id: 7, accepted: true }]);
    expect(await answerOf(await call("{}"))).toEqual([400, { error: "an order has an id" }]);
    const event = { specversion: "1.0", id: "1", source: "shop", type: "order.v1", data: { id: 8 } };
    const structured = { "content-type": "application/cloudevents+json" };
    expect(await answerOf(await call(JSON.stringify(event), structured))).toEqual([200, { id: 8, accepted: true }]);
    expect(example.process.lines.join("\n")).toContain("kyma got order.v1");
  },

  async python() {
    await using example = await startExample("python");
    const [status, answer] = await answerOf(await fetch(`${example.url}/?name=ann`));
    expect([status, answer]).toEqual([200, { answer: "hello ann", worker: expect.any(String) }]);
    expect(await answerOf(await fetch(example.url))).toEqual([400, { error: "who are you? ask with ?name=" }]);
  },

  async job() {
    await using example = await startExample("job");
    expect(await example.process.exited).toBe(0);
    expect(example.process.lines).toContain('{"ann":42,"bob":5}');
  },

  async "digitalhub-job"() {
    await using example = await startExample("digitalhub-job");
    expect(await example.process.exited).toBe(0);
    expect(example.process.lines).toContain('{"results":{"accuracy":0.875,"project":"shop"}}');
  },

  async cron() {
    await using example = await startExample("cron", { PROCESSOR_TRIGGERS__CLEAN_UP__ATTRIBUTES__INTERVAL: "50ms" });
    await example.process.waitForLine(/the session of ann is over/);
    expect(await example.process.stop()).toBe(0);
  },
};

test("every folder of examples without an Envoy is tested", async () => {
  const folders = (await readdir(examples)).filter((name) => !existsSync(join(examples, name, "envoy.yaml")));
  expect(folders.sort()).toEqual(Object.keys(tests).sort());
});

describe("example", () => {
  for (const [name, run] of Object.entries(tests)) test(name, run, 15_000);
});
