/** The processor's own servers and the command that asks them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { executablePath } from "../support/executable.ts";
import { freePort } from "../support/ports.ts";
import { startProcess } from "../support/process.ts";
import { type RunningProcessor, startProcessor } from "../support/processor.ts";
import { openExchangeClient } from "./exchange-client.ts";

const workers = 2;
let processor: RunningProcessor;

beforeAll(async () => {
  processor = await startProcessor({
    function: { file: join(import.meta.dir, "misbehaving.ts") },
    triggers: { gate: { timeout: "4s", onError: 503 } },
    numWorkers: workers,
    spec: { env: [{ name: "SECRET", value: "s3cret" }] },
  });
}, 60_000);
afterAll(() => processor[Symbol.asyncDispose]());

async function askAdmin(path: string): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${processor.adminPort}${path}`)).json();
}

async function runHealth(...args: string[]) {
  await using child = startProcess({ command: [await executablePath(), "health", ...args] });
  const code = await child.exited;
  await Bun.sleep(20);
  return { code, text: child.lines.join("\n") };
}

test("what was counted is there at the next scrape, summed over the workers", async () => {
  // Every client has a connection of its own, and connections are spread over the workers.
  for (let client = 0; client < 10; client++) {
    using exchanges = openExchangeClient(processor.port);
    await exchanges.exchange("/");
    if (client === 0) expect((await exchanges.exchange("/throw")).status).toBe(503);
  }
  expect(await processor.metric("processor_messages_total", { phase: "request_headers" })).toBe(11);
  const answered = await processor.metric("processor_message_duration_seconds_count", { phase: "request_headers" });
  expect(answered).toBeGreaterThanOrEqual(10);
  expect(await processor.metric("processor_failures_total", { trigger_id: "gate" })).toBe(1);
  expect(await processor.metric("nuclio_processor_handled_events_total", { result: "failure" })).toBe(1);
  expect(await processor.metric("processor_workers_ready")).toBe(workers);
});

test("the admin server shows the triggers, their counts and the state, and no secrets", async () => {
  expect(await askAdmin("/triggers/gate")).toMatchObject({ kind: "extproc", name: "gate", numWorkers: workers });
  expect(await askAdmin("/triggers/gate/stats")).toMatchObject({
    eventsHandledFailureTotal: 1,
    exchangesInFlight: 0,
    messages: { request_headers: 11 },
  });
  const status = await askAdmin("/");
  const listens = { gate: `0.0.0.0:${processor.port}` };
  expect(status).toMatchObject({
    name: "test",
    state: "ready",
    function: { exportName: "default", contract: "middleware" },
    workers: [
      { index: 0, state: "ready", replacements: 0, listens },
      { index: 1, state: "ready", replacements: 0, listens },
    ],
  });
  expect(JSON.stringify([status, await askAdmin("/triggers")])).not.toContain("s3cret");
});

test("the health command asks over HTTP and over gRPC", async () => {
  const http = `http://127.0.0.1:${processor.healthPort}/ready`;
  expect(await runHealth(http)).toEqual({ code: 0, text: `${http} is ready` });
  const grpc = `127.0.0.1:${processor.port}`;
  expect(await runHealth(grpc)).toEqual({ code: 0, text: `${grpc} is ready` });
  expect(await runHealth(`:${processor.port}`)).toEqual({ code: 0, text: `:${processor.port} is ready` });
});

test("the health command fails when nobody serves, and says why", async () => {
  const port = freePort();
  const nobody = `http://127.0.0.1:${port}/ready`;
  expect(await runHealth(nobody)).toEqual({
    code: 1,
    text: `processor: ${nobody} is not ready: nobody listens there`,
  });
  expect(await runHealth(`127.0.0.1:${port}`)).toEqual({
    code: 1,
    text: `processor: 127.0.0.1:${port} is not ready: nobody serves gRPC there`,
  });
  const admin = `http://127.0.0.1:${processor.adminPort}/nothing`;
  expect(await runHealth(admin)).toEqual({ code: 1, text: `processor: ${admin} is not ready: it answers 404` });
  expect((await runHealth("--timeout", "soon")).code).toBe(2);
});
