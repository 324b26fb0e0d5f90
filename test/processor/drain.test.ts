/** SIGTERM and SIGINT, seen by a client without Envoy between. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type ProcessorOptions, type RunningProcessor, startProcessor } from "../support/processor.ts";
import { openExchangeClient } from "./exchange-client.ts";

const functionFile = { file: join(import.meta.dir, "misbehaving.ts") };

function start(options: Partial<ProcessorOptions> = {}): Promise<RunningProcessor> {
  return startProcessor({ function: functionFile, ...options });
}

async function ready(processor: RunningProcessor): Promise<number> {
  return (await fetch(`http://127.0.0.1:${processor.healthPort}/ready`)).status;
}

test.each([1, 3])("an idle processor with %d workers ends well under a second, with 0", async (numWorkers) => {
  await using processor = await start({ numWorkers });
  expect(await ready(processor)).toBe(200);
  const startedAt = performance.now();
  expect(await processor.stop("SIGTERM")).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(700);
});

test("what has begun is answered, and the process ends right after", async () => {
  await using processor = await start();
  using client = openExchangeClient(processor.port);
  await client.exchange("/");
  const slow = client.exchange("/slow?ms=800");
  await Bun.sleep(50);
  const startedAt = performance.now();
  const exit = processor.stop("SIGINT");
  await processor.waitForLine(/finishing what is in flight/u);
  expect(await ready(processor)).toBe(503);
  expect((await slow).set["x-calls"]).toBe("2");
  expect(await exit).toBe(0);
  const tookMs = performance.now() - startedAt;
  expect(tookMs).toBeGreaterThan(700);
  expect(tookMs).toBeLessThan(1800);
});

test("what does not finish in gracefulShutdownTimeout is ended, counted and the exit code still 0", async () => {
  await using processor = await start({ triggers: { test: { gracefulShutdownTimeout: "500ms" } } });
  using client = openExchangeClient(processor.port);
  const slow = client.exchange("/slow?ms=9000").catch((error: unknown) => String(error));
  await Bun.sleep(100);
  const startedAt = performance.now();
  expect(await processor.stop("SIGTERM")).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(1600);
  expect(await processor.waitForLine(/gracefulShutdownTimeout"?\W/u)).toBeString();
  // Closed with OK and without an answer: the original goes on.
  expect(await slow).toBe("Error: the stream ended without an answer");
});

test("a second signal ends the process at once", async () => {
  await using processor = await start();
  using client = openExchangeClient(processor.port);
  client.exchange("/slow?ms=9000").catch(() => undefined);
  await Bun.sleep(100);
  const startedAt = performance.now();
  const exit = processor.stop("SIGTERM");
  await processor.waitForLine(/finishing what is in flight/u);
  expect(await processor.stop("SIGTERM")).toBe(143);
  expect(await exit).toBe(143);
  expect(performance.now() - startedAt).toBeLessThan(700);
});

test("a worker that hangs does not hold up the end", async () => {
  await using processor = await start({ spec: { hangTimeout: "400ms" } });
  using client = openExchangeClient(processor.port);
  client.exchange("/loop").catch(() => undefined);
  await Bun.sleep(100);
  const startedAt = performance.now();
  expect(await processor.stop("SIGTERM")).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(1500);
});
