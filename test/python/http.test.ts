/** Handlers in Python behind the executable's http trigger: values, events, and what happens to processes under load. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { request } from "../support/client.ts";
import { clientValues } from "../support/echo.ts";
import { type ServedPython, servePython } from "./serve.ts";
import { bodies, look, play, returned } from "./table.ts";

describe.each(["handler", "later"])("returns.py:%s", (name) => {
  let served: ServedPython;
  beforeAll(async () => {
    served = await servePython(`returns:${name}`, { spec: { env: [{ name: "PYTHONWARNINGS", value: "error" }] } });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  test.each(returned.map((each) => [each.path, each] as const))("%s", async (_, each) => {
    expect(await play(served.httpPort, each)).toEqual(each.expected);
  });

  test("every attribute of event and context", async () => {
    const headers = [["X-Custom-Name", "value"]] as const;
    const found = await look(served.httpPort, { method: "PUT", headers, body: "ü" }, "?a=1&b=%C3%BC&a=2");
    const { event, ...others } = found as { event: { id: string } };
    expect(event.id).toMatch(/^[0-9a-f-]{36}$/);
    const nothing = { content_type: "", url: "", type: "", type_version: "", version: "", topic: "" };
    expect<unknown>({ ...event, id: "" }).toEqual({
      ...nothing,
      id: "",
      method: "PUT",
      path: "/event",
      fields: { a: "2", b: "ü" },
      size: 2,
      shard_id: -1,
      num_shards: 0,
      last_in_batch: false,
      offset: 0,
    });
    expect(others).toEqual({
      body: "b'\\xc3\\xbc'",
      trigger: ["http", "front"],
      header: ["value", "value", null],
      timestamp: ["datetime", true, true],
      json: "/event",
      worker: ["str", "http", "front", "front"],
      platform: ["local", "default"],
    });
  });

  test("the body is an object only where the content type is exactly JSON", async () => {
    for (const [sent, body] of bodies) expect((await look(served.httpPort, sent))["body"]).toEqual(body);
    expect(await served.waitForLine(/The body is not the JSON|Failed deserializing json/)).toContain('"worker_id":"0"');
  });

  test("the data of a structured CloudEvent is an object", async () => {
    const cloudEvent = { specversion: "1.0", id: "e-1", source: "/shop", type: "order", data: { a: 1 } };
    const headers = [["Content-Type", "application/cloudevents+json"]] as const;
    const found = await look(served.httpPort, { method: "POST", headers, body: JSON.stringify(cloudEvent) });
    expect([found["body"], (found["event"] as { id: string }).id]).toEqual([{ a: 1 }, "e-1"]);
  });

  test("what it logs comes with the answer when asked for", async () => {
    const headers = [["X-Nuclio-Log-Level", "error"]] as const;
    const response = await request(served.httpPort, { path: "/raises", headers });
    const [logs = ""] = clientValues(response, "x-nuclio-logs");
    expect(JSON.parse(logs)).toMatchObject([
      { level: "error", name: "front", message: "Exception caught in handler", exc: "no way", worker_id: "0" },
    ]);
  });
});

describe("processes", () => {
  test("kill -9 under load loses only the events inside the process, and the processor lives on", async () => {
    await using served = await servePython("protocol:handler", { numWorkers: 2 });
    const { httpPort } = served;
    const pid = async (): Promise<number> => Number((await request(httpPort, { path: "/process" })).text);
    const statuses: number[] = [];
    let running = true;
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (running) statuses.push((await request(httpPort, { path: "/calls" })).status);
      }),
    );
    for (let i = 0; i < 5; i++) {
      await Bun.sleep(150);
      process.kill(await pid(), "SIGKILL");
    }
    await Bun.sleep(300);
    running = false;
    await load;
    const failed = statuses.filter((status) => status !== 200);
    expect([failed.length <= 5, [...new Set(failed)].filter((status) => status !== 500)]).toEqual([true, []]);
    expect(statuses.length).toBeGreaterThan(100);
    expect(await served.metric("processor_python_worker_losses_total", { cause: "exit" })).toBe(5);
    expect(await served.metric("processor_worker_losses_total")).toBe(0);
    expect((await request(httpPort, { path: "/calls" })).status).toBe(200);
  }, 20_000);

  test("a handler that hangs is answered with 408 and ended; none else waits for it", async () => {
    await using served = await servePython("protocol:handler", { numWorkers: 2, spec: { eventTimeout: "1s" } });
    const hung = request(served.httpPort, { path: "/hang" });
    const startedAt = performance.now();
    for (let i = 0; i < 20; i++) expect((await request(served.httpPort, { path: "/calls" })).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(900);
    const { status, text } = await hung;
    expect([status, text]).toEqual([408, '{"error": "handler timed out"}']);
    const tookMs = performance.now() - startedAt;
    expect([tookMs > 900, tookMs < 2500]).toEqual([true, true]);
    expect(await served.metric("nuclio_processor_handled_events_total", { result: "failure" })).toBe(1);
    expect(await served.metric("nuclio_processor_handled_events_duration_milliseconds_sum")).toBeGreaterThan(900);
  });

  test("no worker in time is 503 with an empty body", async () => {
    const trigger = { workerAvailabilityTimeoutMilliseconds: 50 };
    await using served = await servePython("protocol:handler", { trigger });
    const [first, second] = await Promise.all([
      request(served.httpPort, { path: "/sleep" }),
      Bun.sleep(20).then(() => request(served.httpPort, { path: "/calls" })),
    ]);
    expect([first.status, second.status, second.text]).toEqual([200, 503, ""]);
    const labels = { result: "error_timeout" };
    expect(await served.metric("nuclio_processor_worker_allocation_total", labels)).toBe(1);
  });

  test("bodies of many MiB pass both ways", async () => {
    const trigger = { attributes: { maxRequestBodySize: 40_000_000 } };
    await using served = await servePython("protocol:handler", { trigger });
    const body = Buffer.alloc(30_000_000, "0123456789");
    const response = await request(served.httpPort, { method: "POST", path: "/", body, timeoutMs: 20_000 });
    expect([response.status, response.body.equals(body)]).toEqual([200, true]);
  }, 30_000);

  test("a stream is sent as it comes", async () => {
    await using served = await servePython("protocol:handler");
    const response = await fetch(`http://127.0.0.1:${served.httpPort}/slow-stream`);
    const seen: [string, boolean][] = [];
    const startedAt = performance.now();
    for await (const chunk of response.body ?? []) {
      seen.push([Buffer.from(chunk).toString(), performance.now() - startedAt < 150]);
    }
    expect([response.status, seen[0], seen.at(-1)]).toEqual([200, ["first ", true], ["last", false]]);
  });

  test("a stream nobody reads any more does not keep its worker", async () => {
    await using served = await servePython("protocol:handler");
    const client = new AbortController();
    const response = await fetch(`http://127.0.0.1:${served.httpPort}/endless`, { signal: client.signal });
    await response.body?.getReader().read();
    client.abort();
    expect((await request(served.httpPort, { path: "/calls" })).status).toBe(200);
  });

  test("SIGTERM: what has begun is answered, the termination callback runs, nothing stays", async () => {
    const served = await servePython("leaving:handler", { numWorkers: 2 });
    const pids = await children(served.pid);
    expect(pids.length).toBe(2);
    const startedAt = performance.now();
    expect(await served.stop("SIGTERM")).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(served.lines.filter((line) => line.includes("cleaned up")).length).toBe(2);
    expect(pids.filter(isAlive)).toEqual([]);
    await served[Symbol.asyncDispose]();
  });

  test("SIGKILL of the processor ends idle and busy wrappers alike", async () => {
    const served = await servePython("protocol:handler", { numWorkers: 2 });
    const pids = await children(served.pid);
    void request(served.httpPort, { path: "/hang" }).catch(() => null);
    await Bun.sleep(100);
    await served.stop("SIGKILL");
    for (const deadline = Date.now() + 3000; pids.some(isAlive) && Date.now() < deadline;) await Bun.sleep(20);
    expect(pids.filter(isAlive)).toEqual([]);
    await served[Symbol.asyncDispose]();
  });
});

describe("a function that cannot be loaded ends the start with Python's words:", () => {
  test.each([
    [
      "broken_import:handler",
      /broken_import\.py:3: the function imports what is not installed.*ModuleNotFoundError: No module named 'not_installed_anywhere'/,
    ],
    ["broken_init:handler", /broken_init\.py:5: init_context failed.*RuntimeError: no database/],
    ["protocol:missing", /protocol\.py has no function missing/],
  ])("%s", async (handler, message) => {
    const error = await servePython(handler).catch((caught: unknown) => caught);
    expect(String(error).replaceAll("\\n", " ").replaceAll("\n", " ")).toMatch(message);
  });
});

async function children(pid: number): Promise<number[]> {
  const text = await Bun.file(`/proc/${pid}/task/${pid}/children`).text();
  const threads = await Array.fromAsync(new Bun.Glob("*").scan({ cwd: `/proc/${pid}/task`, onlyFiles: false }));
  const lists = await Promise.all(threads.map((id) => Bun.file(`/proc/${pid}/task/${id}/children`).text()));
  return [...new Set([text, ...lists].join(" ").split(" ").filter(Boolean).map(Number))];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
