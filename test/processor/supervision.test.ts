/** Whatever a function does to its worker thread, the process lives and a fresh worker answers. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type RunningProcessor, startProcessor } from "../support/processor.ts";
import { type ExchangeClient, openExchangeClient } from "./exchange-client.ts";

const functionFile = { file: join(import.meta.dir, "misbehaving.ts") };
let processor: RunningProcessor;
let client: ExchangeClient;

beforeAll(async () => {
  processor = await startProcessor({ function: functionFile, spec: { hangTimeout: "400ms" } });
  client = openExchangeClient(processor.port);
}, 60_000);
afterAll(async () => {
  client[Symbol.dispose]();
  await processor[Symbol.asyncDispose]();
});

/** Until a fresh worker, whose function counts from 1 again, answers. */
async function whenServedAfresh(): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const answer = await client.exchange("/", 300).catch(() => null);
    if (answer?.set["x-calls"] === "1") return performance.now() - startedAt;
    if (performance.now() - startedAt > 5000) throw new Error(processor.lines.join("\n"));
    await Bun.sleep(10);
  }
}

test("a function that loops is replaced and loses what was in flight", async () => {
  const lost = [client.exchange("/slow?ms=4000"), client.exchange("/loop")].map((each) => each.catch(() => "lost"));
  expect(await whenServedAfresh()).toBeLessThan(2000);
  expect(await Promise.all(lost)).toEqual(["lost", "lost"]);
  const line: unknown = JSON.parse(await processor.waitForLine(/worker 0 lost/u));
  expect(line).toMatchObject({ level: "error", worker: 0, cause: "hang", exchangesLost: expect.any(Number) });
  expect(await processor.metric("processor_worker_losses_total", { cause: "hang" })).toBe(1);
  expect(await processor.metric("processor_worker_losses_total")).toBe(1);
});

test("process.exit ends the worker only", async () => {
  const lost = [client.exchange("/slow?ms=4000"), client.exchange("/exit")].map((each) => each.catch(() => "lost"));
  expect(await Promise.all(lost)).toEqual(["lost", "lost"]);
  expect(await whenServedAfresh()).toBeLessThan(2000);
  expect(JSON.parse(await processor.waitForLine(/process\.exit/u))).toMatchObject({
    cause: "exit",
    exchangesLost: 2,
    message: "worker 0 lost with 2 exchanges: the function called process.exit(7); it is replaced",
  });
});

test("exceptions and rejections that nobody catches are logged with file and line, and cost nothing", async () => {
  const first = Number((await client.exchange("/late-throw")).set["x-calls"]);
  await client.exchange("/late-rejection");
  expect(await processor.waitForLine(/thrown when nobody catches/u)).toContain("misbehaving.ts:19:");
  expect(await processor.waitForLine(/rejected and nobody catches/u)).toContain("misbehaving.ts:23:");
  expect((await client.exchange("/")).set["x-calls"]).toBe(String(first + 2));
  expect(await processor.metric("processor_unhandled_errors_total", { kind: "exception" })).toBe(1);
});

test("what was counted before a worker was lost is still there", async () => {
  const messages = await processor.metric("processor_messages_total", { phase: "request_headers" });
  expect(messages).toBeGreaterThanOrEqual(7);
});

test("every line of the log is JSON, and no credential is in it", async () => {
  await client.exchange("/log");
  await processor.waitForLine(/through the console/u);
  for (const line of processor.lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
  const text = processor.lines.join("\n");
  expect(text).toContain("[redacted]");
  expect(text).not.toContain("s3cret");
});

test("it ends cleanly after all that", async () => {
  expect(await processor.stop()).toBe(0);
});
