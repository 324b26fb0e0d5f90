import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MetricDefinition, MetricsRecorder } from "../../telemetry/recorder.ts";
import { MemoryLog } from "../memory-log.test-support.ts";
import { createEvent } from "../nuclio/event.ts";
import { collectResult } from "../nuclio/result.ts";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { WrapperPool, type PoolHost } from "./pool.ts";

const foreignWrapper = join(import.meta.dir, "fake-wrapper.test-support.py");
const answer = (body: string, more: object = {}): string =>
  `r${JSON.stringify({ body, content_type: "text/plain", headers: {}, status_code: 200, body_encoding: "text", ...more })}`;
const OK = `m{"duration": 1e-5}\n${answer("PID")}`;

class Counts implements MetricsRecorder {
  readonly cells = new Map<string, { value: number }>();
  number(definition: MetricDefinition, labels: readonly string[]) {
    const cell = { value: 0 };
    this.cells.set([definition.name, ...labels].join(" "), cell);
    return cell;
  }
  histogram() {
    return { observe() {} };
  }
  /** Those above zero. */
  seen(): Record<string, number> {
    return Object.fromEntries(
      [...this.cells].map(([name, { value }]) => [name, value] as const).filter(([, n]) => n > 0),
    );
  }
}

interface Options extends Partial<Omit<PoolHost, "log" | "metrics">> {
  readonly startDeadlineMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function open({ env = {}, startDeadlineMs = 10_000, ...given }: Options = {}) {
  const log = new MemoryLog();
  const metrics = new Counts();
  const trigger = { kind: "http", name: "front" };
  const host = {
    log,
    metrics,
    trigger,
    numWorkers: 1,
    workerAvailabilityTimeoutMs: 5000,
    workerTerminationTimeoutMs: 2000,
    eventTimeoutMs: 0,
    ...given,
  };
  const environment = { ...(process.env as Record<string, string>), ...env };
  const command = {
    python: "python3",
    foreignWrapper,
    options: [],
    environment,
    functionDirectory: "/fn",
    startDeadlineMs,
  };
  const pool = new WrapperPool(command, host);
  await pool.start();
  /** The outcome of an event that makes its wrapper say this. */
  const ask = async (script: string, signal = new AbortController().signal): Promise<unknown> => {
    const event = createEvent({
      trigger,
      body: Buffer.from(script),
      headers: {},
      fields: {},
      method: "GET",
      path: "/",
      url: "",
      timestamp: new Date(0),
    });
    try {
      const { status, headers, contentType, body } = await collectResult(await pool.invoke(event, { log, signal }));
      const text = body === null ? null : Buffer.from(body).toString();
      return headers.length === 0 && contentType === "text/plain"
        ? [status, text]
        : [status, text, contentType, headers];
    } catch (error) {
      return error;
    }
  };
  return { pool, log, metrics, ask, [Symbol.asyncDispose]: () => pool.close() };
}

const code = (outcome: unknown): unknown => (outcome instanceof Error && "code" in outcome ? outcome.code : outcome);

describe("answers", () => {
  let pool: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    pool = await open();
  });
  beforeEach(() => pool.log.lines.splice(0));
  afterAll(() => pool[Symbol.asyncDispose]());

  test.each([
    ["text", `m{"duration":1}\n${answer("hello")}`, [200, "hello"]],
    ["base64", `m{"duration":1}\n${answer("aGk=", { body_encoding: "base64", status_code: 404 })}`, [404, "hi"]],
    ["an empty body", `m{"duration":1}\n${answer("")}`, [200, null]],
    ["a list: its first item", `m{"duration":1}\nr[${answer("one").slice(1)},${answer("two").slice(1)}]`, [200, "one"]],
    ["an empty list: an empty text", 'm{"duration":1}\nr[]', [200, null]],
    ["a 500 the handler chose", `m{"duration":1}\n${answer("mine", { status_code: 500 })}`, [500, "mine"]],
    [
      "headers that are no texts",
      `m{"duration":1}\n${answer("x", { headers: { A: 1, B: true, C: ["x", "y"], D: null } })}`,
      [
        200,
        "x",
        "text/plain",
        [
          ["a", "1"],
          ["b", "true"],
          ["c", "x"],
          ["c", "y"],
        ],
      ],
    ],
    [
      "a content type among the headers before the default one",
      `m{"duration":1}\n${answer("x", { headers: { "Content-Type": "text/html", x: "y" } })}`,
      [200, "x", "text/html", [["x", "y"]]],
    ],
  ])("%s", async (_, script, expected) => {
    expect(await pool.ask(script)).toEqual(expected);
  });

  test("in pieces, one behind the other, with logs between", async () => {
    const record = { datetime: "", level: "warning", message: "careful", with: { worker_id: "0", n: 1 } };
    const critical = { datetime: "", level: "critical", message: "very", with: {} };
    const large = "x".repeat(60_000);
    const script = `l${JSON.stringify(record)}\nl${JSON.stringify(critical)}\nlno record\nm{"duration":1}\n${answer(large)}`;
    expect(await pool.ask(script)).toEqual([200, large]);
    expect(pool.log.lines).toEqual([
      ["warn", "careful", { worker_id: "0", n: 1 }],
      ["error", "very"],
      ["info", "no record"],
    ]);
  });

  test("a 500 without a duration is an exception: the error has its place, the answer its text", async () => {
    const body =
      'Exception caught in handler - "no": Traceback (most recent call last):\n' +
      '  File "/fn/main.py", line 7, in handler\n    load()\n' +
      '  File "/usr/lib/x.py", line 3, in load\n    raise ValueError("no")\nValueError: no\n';
    const error = await pool.ask(answer(body, { status_code: 500 }));
    expect(error).toMatchObject({
      code: "HANDLER_FAILED",
      cause: { name: "ValueError", message: "no", position: { file: "/fn/main.py", line: 7 } },
      answer: { status: 500, headers: [["content-type", "text/plain"]], body: Buffer.from(body) },
    });
  });

  test.each([
    ["no JSON", "r{", /JSON/],
    ["no object", "r1", /no object/],
    ["a body that is no text", 'm{"duration":1}\nr{"body":1}', /body that is no text/],
    [
      "an unknown encoding",
      `m{"duration":1}\n${answer("x", { body_encoding: "hex" })}`,
      /^Unknown body encoding - "hex"$/,
    ],
    [
      "a status that is none",
      `m{"duration":1}\n${answer("x", { status_code: 42 })}`,
      /status 42 is not between 100 and 599/,
    ],
    ["a header that is none", `m{"duration":1}\n${answer("x", { headers: { a: {} } })}`, /header "a"/],
  ])("%s is a failure of that event alone", async (_, script, message) => {
    expect(await pool.ask(script)).toMatchObject({ code: "HANDLER_FAILED", message: expect.stringMatching(message) });
    expect(await pool.ask(OK)).toEqual([200, expect.stringMatching(/^\d+$/)]);
  });

  test("what nobody asked for is logged", async () => {
    await pool.ask(`${answer("x")}\nzzz`);
    await Bun.sleep(50);
    await pool.ask(`m{"duration":1}\n${answer("y")}\n${answer("again")}`);
    await Bun.sleep(50);
    expect(pool.log.lines.map(([level, message]) => `${level} ${message}`)).toEqual([
      "warn an unknown line of a wrapper",
      "warn a wrapper answered though nothing was asked",
    ]);
  });
});

describe("the pool", () => {
  test("gives each event to the wrapper that has been idle longest, and lets the others wait", async () => {
    await using pool = await open({ numWorkers: 2 });
    const slow = `!sleep 0.2\n${OK}`;
    const startedAt = performance.now();
    const pids = await Promise.all([slow, slow, slow, slow].map((script) => pool.ask(script)));
    expect(new Set(pids.map(String)).size).toBe(2);
    expect(performance.now() - startedAt).toBeGreaterThan(390);
    expect(pool.metrics.seen()).toEqual({
      "nuclio_processor_worker_allocation_count http front": 4,
      "nuclio_processor_worker_allocation_total http front success_immediate": 2,
      "nuclio_processor_worker_allocation_total http front success_after_wait": 2,
      "nuclio_processor_worker_allocation_wait_duration_milliseconds_sum http front": expect.any(Number),
      "nuclio_processor_worker_allocation_workers_available_percentage http front": 150,
    });
  });

  test("refuses an event for which none gets free in time, at once when there is no time", async () => {
    await using pool = await open({ workerAvailabilityTimeoutMs: 100 });
    const [served, refused] = await Promise.all([pool.ask(`!sleep 0.3\n${OK}`), pool.ask(OK)]);
    expect([served, refused]).toEqual([
      [200, expect.any(String)],
      expect.objectContaining({ code: "NO_WORKER", answer: { status: 503, headers: [], body: null } }),
    ]);
    expect(pool.metrics.seen()).toMatchObject({
      "nuclio_processor_worker_allocation_total http front error_timeout": 1,
    });
    await using impatient = await open({ workerAvailabilityTimeoutMs: 0 });
    const outcomes = await Promise.all([impatient.ask(`!sleep 0.1\n${OK}`), impatient.ask(OK)]);
    expect(outcomes.map(code)).toEqual([[200, expect.any(String)], "NO_WORKER"]);
  });

  test("drops an event nobody waits for any more before it has begun", async () => {
    await using pool = await open();
    const client = new AbortController();
    const first = pool.ask(`!sleep 0.1\n${OK}`);
    const second = pool.ask(`m{"duration":1}\n${answer("second")}`, client.signal);
    client.abort();
    expect([code(await second), await first]).toEqual(["CANCELLED", [200, expect.any(String)]]);
  });

  test("a wrapper that ends loses the event inside it and no other, and is replaced", async () => {
    await using pool = await open({ numWorkers: 2 });
    const outcomes = await Promise.all([
      pool.ask("!kill"),
      pool.ask(`!sleep 0.1\n${OK}`),
      ...Array.from({ length: 20 }, () => pool.ask(OK)),
    ]);
    expect(outcomes.map(code)).toEqual(["WORKER_LOST", ...Array.from({ length: 21 }, () => [200, expect.any(String)])]);
    expect(outcomes[0]).toMatchObject({
      message: "the function's Python process was killed by SIGKILL before it answered",
      answer: { status: 500 },
    });
    expect(pool.log.lines).toEqual([
      ["error", expect.stringMatching(/^Python worker \d was killed by SIGKILL; it is replaced$/), expect.anything()],
    ]);
    expect(pool.metrics.seen()).toMatchObject({ "processor_python_worker_losses_total front exit": 1 });
    const pids = new Set<string>();
    for (const end = Date.now() + 3000; pids.size < 2 && Date.now() < end;) pids.add(String(await pool.ask(OK)));
    expect(pids.size).toBe(2);
  });

  test.each([
    ["!exit 0", "ended with exit code 0"],
    ["!exit 3", "ended with exit code 3"],
    ["!close", "was killed by SIGKILL"],
  ])("a wrapper may be lost by %s", async (script, how) => {
    await using pool = await open();
    expect(await pool.ask(script)).toMatchObject({ code: "WORKER_LOST", message: expect.stringContaining(how) });
    expect(await pool.ask(OK)).toEqual([200, expect.any(String)]);
  });

  test("an event that takes too long is ended with its process, and no other", async () => {
    await using pool = await open({ numWorkers: 2, eventTimeoutMs: 200 });
    const [hung, ...others] = await Promise.all([pool.ask("!sleep 60"), pool.ask(OK), pool.ask(`!sleep 0.1\n${OK}`)]);
    expect(hung).toMatchObject({
      code: "TIMED_OUT",
      answer: { status: 408, body: Buffer.from('{"error": "handler timed out"}') },
    });
    expect(others.map(code)).toEqual([
      [200, expect.any(String)],
      [200, expect.any(String)],
    ]);
    expect(pool.metrics.seen()).toMatchObject({ "processor_python_worker_losses_total front timeout": 1 });
    expect(await pool.ask(OK)).toEqual([200, expect.any(String)]);
  });

  test("comes back after wrappers that cannot start again", async () => {
    const obstacle = join(scratchDirectory({ obstacle: "" }), "obstacle");
    rmSync(obstacle);
    await using pool = await open({ env: { FAKE_START: `!exit-if ${obstacle}\ns` } });
    writeFileSync(obstacle, "");
    expect(code(await pool.ask("!kill"))).toBe("WORKER_LOST");
    const waiting = pool.ask(OK);
    while (!pool.log.lines.some(([, message]) => message === "a Python worker cannot start again")) await Bun.sleep(10);
    rmSync(obstacle);
    expect(await waiting).toEqual([200, expect.any(String)]);
  });
});

describe("the start", () => {
  test("sends what Nuclio's processor sends", async () => {
    const record = join(scratchDirectory(), "record");
    {
      await using pool = await open({ env: { FAKE_RECORD: record } });
      await pool.ask(OK);
    }
    const lines = readFileSync(record, "utf8").trim().split("\n");
    const read = (kind: string): Buffer =>
      Buffer.from(lines.find((line) => line.startsWith(`${kind} `))?.slice(kind.length + 1) ?? "", "hex");
    const argv = read("argv").toString().split("\0");
    expect(argv.map((each) => each.replace(/^.*\/(?=\w+\.sock)/, ""))).toEqual([
      foreignWrapper,
      "--event-socket-path",
      "event.sock",
      "--control-socket-path",
      "control.sock",
      "--worker-id",
      "0",
    ]);
    const event = read("event");
    expect(event.readInt32BE(0)).toBe(event.byteLength - 4);
  });

  test.each([
    [
      "ends",
      { FAKE_START: "!exit 4" },
      "THROWN_AT_IMPORT",
      "the function's Python process ended with exit code 4 before it was ready",
    ],
    [
      "raises",
      {
        FAKE_START:
          "!stderr Traceback (most recent call last):\n!stderr   File \"/fn/main.py\", line 2, in <module>\n!stderr ModuleNotFoundError: No module named 'x'\n!exit 1",
      },
      "IMPORT_NOT_FOUND",
      "/fn/main.py:2: the function imports what is not installed for this Python\nModuleNotFoundError: No module named 'x'",
    ],
    [
      "logs why it cannot",
      { FAKE_START: `l${JSON.stringify({ level: "error", message: "no database", with: {} })}\n!exit 1` },
      "THROWN_AT_IMPORT",
      "the function's Python process ended with exit code 1 before it was ready\nno database",
    ],
  ])("fails when a wrapper %s, with its words, and leaves nothing", async (_, env, expected, message) => {
    const temporary = scratchDirectory();
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = temporary;
    try {
      const error = await open({ env, numWorkers: 2 }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: expected, message });
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });

  test("does not wait for a wrapper that never reports", async () => {
    const error = await open({ env: { FAKE_START: "!sleep 60" }, startDeadlineMs: 300 }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: "THROWN_AT_IMPORT",
      message: "the function's Python process has not reported after 0.3 s before it was ready",
    });
  });

  test("warnings before it is ready are logged", async () => {
    await using pool = await open({ env: { FAKE_START: "!stderr careful\ns" } });
    await pool.ask(OK);
    expect(pool.log.lines).toEqual([["warn", "careful", { worker_id: "0" }]]);
  });
});

describe("the end", () => {
  test("waits for the event inside, then for the termination callback", async () => {
    const pool = await open({ env: { FAKE_END: '!sleep 0.2\nl{"level":"info","message":"cleaned up"}' } });
    const last = pool.ask(`!sleep 0.2\n${OK}`);
    await pool.pool.close();
    expect([await last, pool.log.lines]).toEqual([[200, expect.any(String)], [["info", "cleaned up"]]]);
    expect(await pool.ask(OK)).toMatchObject({ code: "NO_WORKER" });
  });

  test("kills what has not ended in time", async () => {
    const pool = await open({ env: { FAKE_END: "!sleep 60" }, workerTerminationTimeoutMs: 300 });
    const pid = Number(String((await pool.ask(OK)) as readonly unknown[]).split(",")[1]);
    const startedAt = performance.now();
    await pool.pool.close();
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test("does not wait for an event that takes longer than an end may", async () => {
    const pool = await open({ workerTerminationTimeoutMs: 200 });
    const last = pool.ask("!sleep 60");
    await pool.pool.close();
    expect(code(await last)).toBe("WORKER_LOST");
  });
});
