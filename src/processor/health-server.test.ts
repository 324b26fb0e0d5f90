import { expect, test } from "bun:test";
import { answerHealth } from "./health-server.ts";

async function ask(path: string, notReady: string | null, method = "GET") {
  const url = new URL(path, "http://localhost:8082");
  const response = answerHealth(new Request(url.href, { method }), url, notReady);
  return [response.status, await response.text(), response.headers.get("content-type")];
}

const json = "application/json; charset=utf-8";

test("live is always 200, ready only when traffic may come", async () => {
  expect(await ask("/live", "Processor not ready yet")).toEqual([200, "{}\n", json]);
  expect(await ask("/ready", null)).toEqual([200, "{}\n", json]);
  expect(await ask("/ready", "Processor not ready yet")).toEqual([503, "{}\n", json]);
});

test("?full=1 names the checks", async () => {
  expect(await ask("/ready?full=1", "Processor not ready yet")).toEqual([
    503,
    '{\n    "processor_liveness": "OK",\n    "processor_readiness": "Processor not ready yet"\n}\n',
    json,
  ]);
  expect(await ask("/live?full=1", "Processor not ready yet")).toEqual([
    200,
    '{\n    "processor_liveness": "OK"\n}\n',
    json,
  ]);
});

test("other methods and other paths are refused", async () => {
  expect(await ask("/ready", null, "POST")).toEqual([405, "", null]);
  expect(await ask("/healthz", null)).toEqual([404, "", null]);
});
