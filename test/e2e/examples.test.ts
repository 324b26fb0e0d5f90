/** Every example of a proxied exchange as it stands in its folder, behind a real Envoy with the example's own configuration. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build.ts";
import { moveExamplePorts } from "../../scripts/example-envoy.ts";
import { envoyVersions } from "../../scripts/fetch-envoy.ts";
import { request } from "../support/client.ts";
import { clientValues, echoed, upstreamValues } from "../support/echo.ts";
import { envoyPath, executablePath } from "../support/executable.ts";
import { freePorts } from "../support/ports.ts";
import { startProcess } from "../support/process.ts";
import { type Upstream, startUpstream } from "../support/upstream.ts";

const examples = join(repositoryRoot, "examples");

interface RunningExample {
  readonly port: number;
  readonly upstream: Upstream;
}

async function runExample(name: string, stack: AsyncDisposableStack): Promise<RunningExample> {
  const [listener = 0, admin = 0, processor = 0, health = 0] = freePorts(4);
  const upstream = stack.use(startUpstream());
  const trigger = name === "digitalhub-wrapprocessor" ? "WRAP" : name.toUpperCase();
  const running = stack.use(
    startProcess({
      command: [await executablePath(), "--config", join(examples, name, "processor.yaml")],
      env: {
        [`PROCESSOR_TRIGGERS__${trigger}__ATTRIBUTES__PORT`]: String(processor),
        PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: `127.0.0.1:${health}`,
        PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
        PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
      },
    }),
  );
  const directory = await mkdtemp(join(tmpdir(), "example-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const config = join(directory, "envoy.yaml");
  const written = await Bun.file(join(examples, name, "envoy.yaml")).text();
  await Bun.write(config, moveExamplePorts(written, { listener, admin, processor, upstream: upstream.port }));
  const command = [await envoyPath(envoyVersions[0]), "-c", config, "--concurrency", "1", "--use-dynamic-base-id"];
  stack.use(startProcess({ command }));
  for (const port of [health, admin]) {
    const ready = async (): Promise<boolean> => {
      const response = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
      return response?.ok === true;
    };
    for (const deadline = Date.now() + 10_000; !(await ready()); await Bun.sleep(20)) {
      if (Date.now() > deadline) throw new Error(`${name} was not ready in time:\n${running.lines.join("\n")}`);
    }
  }
  return { port: listener, upstream };
}

/** One group of tests an example; a folder without one fails below. */
const groups: Readonly<Record<string, (example: () => RunningExample) => void>> = {
  hello: (example) => {
    test("upstream and client each get their greeting", async () => {
      const response = await request(example().port, { path: "/" });
      expect([response.status, upstreamValues(response, "x-hello"), clientValues(response, "x-hello")]).toEqual([
        200,
        ["upstream"],
        ["client"],
      ]);
    });
  },
  gate: (example) => {
    test("a request without a key is answered with 401 and never reaches the upstream", async () => {
      const response = await request(example().port, { path: "/" });
      expect([response.status, response.text, example().upstream.requests.length]).toEqual([
        401,
        '{"error":"an x-api-key header is needed"}',
        0,
      ]);
    });
    test("a request with a key passes without it", async () => {
      const response = await request(example().port, { path: "/", headers: [["x-api-key", "open-sesame"]] });
      expect([response.status, upstreamValues(response, "x-api-key")]).toEqual([200, []]);
    });
  },
  order: (example) => {
    test("an order reaches the upstream with its total", async () => {
      const body = JSON.stringify({
        items: [
          { price: 3, count: 2 },
          { price: 4, count: 1 },
        ],
      });
      const response = await request(example().port, { method: "POST", path: "/orders", body });
      const echo = echoed(response);
      expect([response.status, JSON.parse(echo.text), upstreamValues(response, "x-order-total")]).toEqual([
        200,
        {
          items: [
            { price: 3, count: 2 },
            { price: 4, count: 1 },
          ],
          total: 10,
        },
        ["10"],
      ]);
    });
    test("what is no order is answered with 400", async () => {
      const response = await request(example().port, { method: "POST", path: "/orders", body: "{}" });
      expect([response.status, response.text]).toEqual([400, '{"error":"not an order"}']);
    });
    test("other requests pass", async () => {
      const response = await request(example().port, { method: "POST", path: "/other", body: "anything" });
      expect([response.status, echoed(response).text]).toEqual([200, "anything"]);
    });
  },
  "digitalhub-wrapprocessor": (example) => {
    test("the handler works on the request and on the response", async () => {
      example().upstream.answer("/shout", (received) => ({ body: received.body }));
      const response = await request(example().port, { method: "POST", path: "/shout", body: "hello" });
      expect([response.status, response.text]).toEqual([200, "<<HELLO>>"]);
    });
    test("X-Processing-Status keeps a request from the upstream", async () => {
      const response = await request(example().port, { path: "/forbidden" });
      expect([response.status, response.text]).toEqual([403, "not here\n"]);
    });
  },
};

test("every folder of examples with an Envoy is tested", async () => {
  const folders = (await readdir(examples)).filter((name) => existsSync(join(examples, name, "envoy.yaml")));
  expect(folders.sort()).toEqual(Object.keys(groups).sort());
});

for (const [name, tests] of Object.entries(groups)) {
  describe(`example ${name}`, () => {
    const stack = new AsyncDisposableStack();
    let running: RunningExample | null = null;
    beforeAll(async () => {
      running = await runExample(name, stack);
    }, 60_000);
    afterAll(() => stack.disposeAsync());
    tests(() => {
      if (running === null) throw new Error("the example is not running");
      return running;
    });
  });
}
