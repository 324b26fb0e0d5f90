import { afterEach, describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessorConfig } from "../config/contract.ts";
import { createCellRecorder, createSharedNumbers } from "../telemetry/cells.ts";
import type { Logger } from "../telemetry/log.ts";
import { exchanges, workerLosses } from "../telemetry/metrics.ts";
import type { MetricDefinition } from "../telemetry/recorder.ts";
import { createMetricTotals } from "../telemetry/totals.ts";
import type { OpenTriggerConfig, TriggerKind } from "../triggers/contract.ts";
import { type EchoAttributes, echoKind } from "./echo-kind.test-support.ts";
import { StartError } from "./start-error.ts";
import { assignTriggers, createWorkerPool, type WorkerPool } from "./worker-pool.ts";

const kinds = [echoKind as TriggerKind];
const pools: WorkerPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
});

function echoTrigger(numWorkers: number, attributes: Partial<EchoAttributes> = {}): OpenTriggerConfig {
  return {
    name: "echo",
    kind: "echo",
    url: "",
    numWorkers,
    workerAvailabilityTimeoutMs: 10_000,
    workerTerminationTimeoutMs: 10_000,
    attributes: { port: 0, gracefulShutdownTimeoutMs: 5000, ...attributes },
  };
}

function makeConfig(change: Partial<ProcessorConfig> = {}, handler = ""): ProcessorConfig {
  const off = { enabled: false, hostname: "127.0.0.1", port: 0, explicit: false };
  return {
    name: "test",
    namespace: "default",
    project: "",
    description: "",
    version: 0,
    function: { handler, runtime: "", searchPath: [], sourceCode: null },
    triggers: [echoTrigger(1)],
    env: {},
    eventTimeoutMs: 0,
    hangTimeoutMs: 300,
    log: { level: "error", format: "json" },
    platform: { admin: off, health: off, metrics: { ...off, instanceName: "" } },
    ...change,
  };
}

interface Line {
  readonly fields: Record<string, unknown>;
  readonly text: string;
}

function memoryLog(lines: Line[]): Logger {
  const write = (first: object | string, text?: string) =>
    void lines.push(
      typeof first === "string" ? { fields: {}, text: first } : { fields: { ...first }, text: text ?? "" },
    );
  return {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => memoryLog(lines),
    isLevelEnabled: () => true,
  };
}

function openPool(config: ProcessorConfig, env: Record<string, string> = {}) {
  const lines: Line[] = [];
  const totals = createMetricTotals();
  const numbers = createSharedNumbers();
  const source = totals.addSource(numbers);
  const metrics = createCellRecorder(numbers, (place) => source.addSeries(place));
  const pool = createWorkerPool({
    config,
    kinds,
    entry: new URL("./worker.test-support.ts", import.meta.url),
    env,
    logFormat: "json",
    logColours: false,
    logStream: "stdout",
    log: memoryLog(lines),
    metrics,
    totals,
  });
  pools.push(pool);
  async function count(definition: MetricDefinition): Promise<Record<string, number>> {
    await pool.publish();
    metrics.publish();
    return Object.fromEntries(
      totals
        .collect()
        .filter((total) => total.definition.name === definition.name)
        .map((total) => [total.labels.join(" "), total.values[0] ?? 0]),
    );
  }
  const addresses = () => pool.status().map((worker) => worker.triggers[0]?.address ?? "none");
  const get = async (path: string) => (await fetch(`http://${addresses()[0]}${path}`)).text();
  return { pool, lines, count, addresses, get };
}

/** Waits until worker 0 was replaced `times` times and serves again. */
async function whenReplaced(pool: WorkerPool, times: number): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const [worker] = pool.status();
    if (worker?.replacements === times && worker.state === "ready") return performance.now() - startedAt;
    if (performance.now() - startedAt > 5000) throw new Error(`not replaced: ${JSON.stringify(worker)}`);
    await Bun.sleep(5);
  }
}

describe("assignTriggers", () => {
  test("a trigger opens in its first numWorkers workers, a one-worker trigger in worker 0", () => {
    const once: TriggerKind = { ...(echoKind as TriggerKind), kind: "once", placement: "one-worker" };
    const config = makeConfig({
      triggers: [
        { ...echoTrigger(3), name: "a" },
        { ...echoTrigger(2), name: "b" },
        { ...echoTrigger(4), name: "c", kind: "once" },
      ],
    });
    const assigned = assignTriggers(config, [...kinds, once]).map((triggers) =>
      triggers.map(({ config: { name }, workerCount }) => `${name}/${workerCount}`),
    );
    expect(assigned).toEqual([["a/3", "b/2", "c/1"], ["a/3", "b/2"], ["a/3"]]);
  });
});

describe("a worker pool", () => {
  test("starts the workers and reports what they opened", async () => {
    const { pool, addresses, get } = openPool(makeConfig({ triggers: [echoTrigger(2)] }), { GREETING: "hello" });
    await pool.start();
    expect(pool.status()).toEqual(
      [0, 1].map((index) => ({
        index,
        state: "ready",
        replacements: 0,
        function: { file: "/f.ts", exportName: "default", contract: "middleware" },
        triggers: [{ name: "echo", kind: "echo", address: addresses()[index] ?? "", gracefulShutdownTimeoutMs: 5000 }],
      })),
    );
    expect(await get("/")).toBe("worker 0 of 2");
    expect(await get("/env?name=GREETING")).toBe("hello");
  });

  test.each([
    ["missing", { code: "FUNCTION_NOT_FOUND", setting: "spec.handler", message: "there is no function" }],
    ["exits", { code: "EXIT", setting: null, message: "the function called process.exit(4)" }],
  ])("a function that cannot be loaded at the first start (%s) ends the start", async (handler, problem) => {
    const { pool } = openPool(makeConfig({}, handler));
    const error = await pool.start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect(error instanceof StartError && error.problem).toEqual(problem);
  });

  test("a hanging worker is replaced soon after its hang timeout", async () => {
    const { pool, lines, count, get } = openPool(makeConfig());
    await pool.start();
    void get("/spin").catch(() => undefined);
    expect(await whenReplaced(pool, 1)).toBeLessThan(2000);
    expect(await get("/")).toBe("worker 0 of 1");
    expect(await count(workerLosses)).toEqual({ start: 0, exit: 0, error: 0, hang: 1 });
    expect(lines[0]).toEqual({
      fields: {
        worker: 0,
        cause: "hang",
        exchangesLost: expect.any(Number),
        code: "HANG",
        setting: "spec.hangTimeout",
      },
      text: expect.stringMatching(
        /^worker 0 lost with [01] exchanges?: the function kept its thread busy for 0\.\d s without a pause \(spec\.hangTimeout\); it is replaced$/u,
      ),
    });
  });

  test("the metrics of a hanging worker are the last it published, without a long wait", async () => {
    const { pool, count, get } = openPool(makeConfig({ hangTimeoutMs: 2000 }));
    await pool.start();
    await get("/");
    await Bun.sleep(250);
    void get("/spin").catch(() => undefined);
    await Bun.sleep(50);
    const startedAt = performance.now();
    expect(await count(exchanges)).toEqual({ "echo completed": 1 });
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  test("a worker can ask for what all of them have counted", async () => {
    const { pool, addresses } = openPool(makeConfig({ triggers: [echoTrigger(2)] }));
    await pool.start();
    for (const address of addresses()) await fetch(`http://${address}/`);
    for (const address of addresses()) {
      const counted = addresses().indexOf(address) + 2;
      expect(await (await fetch(`http://${address}/totals`)).json()).toEqual([["echo", "completed", counted]]);
    }
  });

  test("process.exit ends the worker only, and says how many exchanges went with it", async () => {
    const { pool, lines, count, get } = openPool(makeConfig());
    await pool.start();
    const lost = [get("/sleep?ms=3000"), get("/sleep?ms=3000")].map((each) => each.catch(() => "lost"));
    await Bun.sleep(30);
    void get("/exit?code=0").catch(() => undefined);
    expect(await Promise.all(lost)).toEqual(["lost", "lost"]);
    await whenReplaced(pool, 1);
    expect(await get("/")).toBe("worker 0 of 1");
    expect(await count(workerLosses)).toEqual({ start: 0, exit: 1, error: 0, hang: 0 });
    expect(lines[0]?.fields).toEqual({ worker: 0, cause: "exit", exchangesLost: 3, code: "EXIT", setting: undefined });
    expect(lines[0]?.text).toBe("worker 0 lost with 3 exchanges: the function called process.exit(0); it is replaced");
  });

  test("counters do not fall when a worker is lost", async () => {
    const { pool, count, get } = openPool(makeConfig());
    await pool.start();
    for (let index = 0; index < 3; index++) await get("/");
    expect(await count(exchanges)).toEqual({ "echo completed": 3 });
    void get("/exit").catch(() => undefined);
    await whenReplaced(pool, 1);
    await get("/");
    expect(await count(exchanges)).toEqual({ "echo completed": 4 });
  });

  test("a worker that cannot start again is tried with growing pauses", async () => {
    const marker = join(tmpdir(), `processor-marker-${crypto.randomUUID()}`);
    const { pool, lines, get } = openPool(makeConfig({}, "exits after the first start"), { MARKER: marker });
    await pool.start();
    void get("/exit").catch(() => undefined);
    await Bun.sleep(700);
    const state = pool.status()[0];
    // 0, 100, 200 and 400 ms after one another, and the time each start takes.
    expect(state?.replacements).toBeGreaterThanOrEqual(2);
    expect(state?.replacements).toBeLessThanOrEqual(4);
    expect(lines.at(-1)?.text).toBe(
      "worker 0 lost with 0 exchanges: the function called process.exit(5); it is replaced",
    );
    await Bun.file(marker).delete();
  });

  test("drain waits for what is in flight and no longer", async () => {
    const { pool, get } = openPool(makeConfig());
    await pool.start();
    const slow = get("/sleep?ms=150");
    await Bun.sleep(30);
    const startedAt = performance.now();
    expect(await pool.drain()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(await slow).toBe("worker 0 of 1");
    expect(pool.status()[0]?.state).toBe("stopped");
  });

  test("drain counts what the deadline cut off", async () => {
    const { pool, get } = openPool(makeConfig({ triggers: [echoTrigger(1, { gracefulShutdownTimeoutMs: 100 })] }));
    await pool.start();
    void get("/sleep?ms=3000").catch(() => undefined);
    await Bun.sleep(30);
    expect(await pool.drain()).toBe(1);
  });
});
