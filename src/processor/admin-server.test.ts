import { expect, test } from "bun:test";
import type { OpenTriggerConfig } from "../triggers/contract.ts";
import { answerAdmin } from "./admin-server.ts";
import { describeTrigger } from "./describe-trigger.ts";
import { collectTriggerStats } from "./trigger-stats.ts";

const gate: OpenTriggerConfig = {
  name: "gate",
  kind: "extproc",
  url: "nats://user:s3cret@broker:4222",
  numWorkers: 2,
  workerAvailabilityTimeoutMs: 10_000,
  workerTerminationTimeoutMs: 10_000,
  attributes: {
    port: 5051,
    onError: null,
    tls: { certFile: "/tls/cert.pem", keyFile: "/tls/s3cret.pem", key: "-----BEGIN s3cret" },
    requestIdHeaderName: "x-request-id",
    sasl: { password: "s3cret" },
    apiKey: "s3cret",
    inline: ["-----BEGIN PRIVATE KEY----- s3cret"],
  },
};

const shown = {
  class: "sync",
  kind: "extproc",
  name: "gate",
  numWorkers: 2,
  url: "nats://[hidden]@broker:4222",
  workerAvailabilityTimeoutMilliseconds: 10_000,
  attributes: {
    port: 5051,
    onError: null,
    tls: { certFile: "/tls/cert.pem", keyFile: "[hidden]", key: "[hidden]" },
    requestIdHeaderName: "x-request-id",
    sasl: "[hidden]",
    apiKey: "[hidden]",
    inline: ["[hidden]"],
  },
};

async function ask(path: string, method = "GET") {
  const url = new URL(path, "http://localhost:8081");
  const response = await answerAdmin(new Request(url.href, { method }), url, {
    triggers: [gate],
    status: () => ({ state: "ready" }),
    stats: async (name) => collectTriggerStats([], name),
  });
  const text = await response.text();
  return [response.status, text === "" ? "" : JSON.parse(text)];
}

test("the triggers are shown without what opens a door", async () => {
  expect(describeTrigger(gate)).toEqual(shown);
  expect(await ask("/triggers")).toEqual([200, { gate: shown }]);
  expect(await ask("/triggers/")).toEqual([200, { gate: shown }]);
  expect(await ask("/triggers/gate")).toEqual([200, shown]);
});

test("the status and a trigger's counts have their own pages", async () => {
  expect(await ask("/")).toEqual([200, { state: "ready" }]);
  expect(await ask("/triggers/gate/stats")).toEqual([
    200,
    {
      eventsHandledSuccessTotal: 0,
      eventsHandledFailureTotal: 0,
      handledEventsDurationMillisecondsSum: 0,
      handledEventsDurationMillisecondsCount: 0,
      exchangesInFlight: 0,
      exchanges: {},
      messages: {},
      failures: {},
      earlyCloses: 0,
      http2Connections: 0,
    },
  ]);
});

test("unknown routes are 404, other methods 405", async () => {
  for (const path of [
    "/triggers/other",
    "/triggers/gate/other",
    "/triggers/gate/stats/x",
    "/x",
    "/triggers/%E0%A4%A",
  ]) {
    expect(await ask(path)).toEqual([404, ""]);
  }
  expect(await ask("/triggers", "POST")).toEqual([405, ""]);
  expect(await ask("/triggers/gate", "DELETE")).toEqual([405, ""]);
});
