/** What the http trigger serves beside plain requests, in the executable. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { startProcessor } from "../support/processor.ts";
import { freePort } from "../support/ports.ts";
import { sendAndLeave, sendRaw } from "../support/raw.ts";

const functions = join(import.meta.dir, "functions");
const probe = { kind: "http", function: { file: join(functions, "probe.js") } } as const;
const streams = { kind: "http", function: { file: join(functions, "streams.ts") } } as const;
const nodejs = { runtime: "nodejs" };

test("the address is the trigger's url", async () => {
  const port = freePort();
  const triggers = { api: { kind: "http", url: `127.0.0.1:${port}`, attributes: { port: 1 } } };
  await using processor = await startProcessor({ ...probe, spec: { ...nodejs, triggers } });
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  expect(processor.lines.join("\n")).toContain(`on 127.0.0.1:${port}`);
});

test("events are counted, a 500 and a failure as failures; health is none", async () => {
  await using processor = await startProcessor({ ...probe, triggers: { api: {} }, spec: nodejs });
  const url = `http://127.0.0.1:${processor.port}`;
  for (const path of ["/", "/", "/bad-status", "/__internal/health", "/__internal/health/x"]) await fetch(url + path);
  await Bun.sleep(600);
  const labels = { trigger_kind: "http", trigger_id: "api" };
  const count = (result: string) => processor.metric("nuclio_processor_handled_events_total", { ...labels, result });
  expect([await count("success"), await count("failure")]).toEqual([2, 1]);
  expect(await processor.metric("nuclio_processor_handled_events_duration_milliseconds_count", labels)).toBe(3);
  const ids = processor.lines.flatMap((line) => /"event":"([0-9a-f-]{36})".*"called"/.exec(line)?.[1] ?? []);
  expect(new Set(ids).size).toBe(2);
});

test("files are streamed, and removed after it when asked", async () => {
  await using processor = await startProcessor({ ...probe, triggers: { api: {} }, spec: nodejs });
  const path = join(scratchDirectory({}), "rows.csv");
  const ask = (query: Record<string, string>) =>
    fetch(`http://127.0.0.1:${processor.port}/file?${new URLSearchParams({ path, ...query })}`);
  expect((await ask({})).status).toBe(404);
  const kept = await ask({ content: "a,b\n" });
  expect([kept.status, kept.headers.get("content-type"), kept.headers.get("x-kept"), await kept.text()]).toEqual([
    200,
    "text/csv",
    "yes",
    "a,b\n",
  ]);
  expect([...kept.headers.keys()].filter((name) => name.startsWith("x-nuclio"))).toEqual([]);
  expect(await (await ask({ remove: "1" })).text()).toBe("a,b\n");
  expect(existsSync(path)).toBe(false);
});

test("X-Nuclio-Log-Level brings the log back", async () => {
  await using processor = await startProcessor({ ...probe, triggers: { api: {} }, spec: nodejs });
  const headers = { "x-nuclio-log-level": "info" };
  const response = await fetch(`http://127.0.0.1:${processor.port}/`, { headers });
  const logs = JSON.parse(response.headers.get("x-nuclio-logs") ?? "[]") as object[];
  expect(logs).toMatchObject([{ level: "info", name: "api", message: "called" }]);
});

test("CORS is answered as configured", async () => {
  const cors = { enabled: true, allowOrigins: ["https://shop.example"] };
  await using processor = await startProcessor({ ...probe, triggers: { api: { cors } }, spec: nodejs });
  const ask = async (headers: Record<string, string>, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${processor.port}/`, { method, headers });
    return `${response.status} ${response.headers.get("access-control-allow-origin")}`;
  };
  const preflight = { origin: "https://shop.example", "access-control-request-method": "PUT" };
  expect(await ask(preflight, "OPTIONS")).toBe("200 https://shop.example");
  expect(await ask({ origin: "https://shop.example" })).toBe("200 https://shop.example");
  expect(await ask({ origin: "https://other.example" })).toBe("403 null");
  expect(await ask({})).toBe("200 null");
});

test("WebSockets are opened by handlers that offer it, and closed by a drain", async () => {
  const journal = join(scratchDirectory({}), "journal");
  await using processor = await startProcessor({ ...streams, triggers: { api: {} }, env: { JOURNAL: journal } });
  expect((await fetch(`http://127.0.0.1:${processor.port}/socket`)).status).toBe(426);
  const socket = new WebSocket(`ws://127.0.0.1:${processor.port}/socket?me`);
  const messages: unknown[] = [];
  const echoed = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.onmessage = ({ data }) => {
    if (messages.push(data) === 1) socket.send("hi");
    else echoed.resolve();
  };
  socket.onclose = ({ code }) => closed.resolve(code);
  await echoed.promise;
  expect(messages).toEqual(["hello ?me", "echo hi"]);
  const stopped = processor.stop();
  expect(await closed.promise).toBe(1001);
  expect(await stopped).toBe(0);
  expect(await Bun.file(journal).text()).toContain("closed 1001");
});

test("functions hear of clients that leave", async () => {
  const journal = join(scratchDirectory({}), "journal");
  await using processor = await startProcessor({ ...streams, triggers: { api: {} }, env: { JOURNAL: journal } });
  await sendAndLeave(processor.port, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n", 50);
  await sendAndLeave(processor.port, "GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n", 50);
  for (const until = Date.now() + 3000; Date.now() < until; await Bun.sleep(20)) {
    if (existsSync(journal) && (await Bun.file(journal).text()).split("\n").length > 2) break;
  }
  expect((await Bun.file(journal).text()).trim().split("\n").toSorted()).toEqual(["aborted", "cancelled"]);
});

describe("a drain", () => {
  test("finishes what is in flight, asks clients to leave and ends with 0", async () => {
    await using processor = await startProcessor({ ...streams, triggers: { api: { drainDelay: "200ms" } } });
    const answers = Array.from({ length: 5 }, () =>
      sendRaw(processor.port, ["GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"], 1000),
    );
    await Bun.sleep(50);
    const stopped = processor.stop();
    await Bun.sleep(50);
    expect((await fetch(`http://127.0.0.1:${processor.port}/`)).status).toBe(200);
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 200, closed: true });
      expect(answer.text).toMatch(/\r\n\r\nslow$/);
    }
    expect(await stopped).toBe(0);
    expect(await failureOf(fetch(`http://127.0.0.1:${processor.port}/`))).not.toBe("");
  });

  test("ends what takes longer than gracefulShutdownTimeout", async () => {
    await using processor = await startProcessor({
      ...streams,
      triggers: { api: { gracefulShutdownTimeout: "300ms" } },
    });
    const answer = sendRaw(processor.port, ["GET /never HTTP/1.1\r\nHost: a\r\n\r\n"], 3000);
    await Bun.sleep(50);
    expect(await processor.stop()).toBe(0);
    expect(await answer).toMatchObject({ status: 0, closed: true });
  });
});

test("HTTP/2 is served by prior knowledge beside HTTP/1.1", async () => {
  await using processor = await startProcessor({ ...streams, triggers: { api: {} } });
  const session = connect(`http://127.0.0.1:${processor.port}`);
  const ended = Promise.withResolvers<string>();
  const request = session.request({ ":method": "POST", ":path": "/count" });
  let text = "";
  request.on("data", (bytes) => (text += String(bytes)));
  request.on("end", () => ended.resolve(text));
  request.on("error", ended.reject);
  request.end(Buffer.alloc(1000));
  expect(await ended.promise).toBe("1000");
  session.close();
});

test("a stream that fails on the way is cut off and logged", async () => {
  await using processor = await startProcessor({ ...probe, triggers: { api: {} }, spec: nodejs });
  const answer = await sendRaw(processor.port, ["GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n"]);
  expect(answer).toMatchObject({ status: 200, closed: true });
  expect(answer.text).not.toContain("\r\n0\r\n");
  await processor.waitForLine(/no more rows.*the response broke off/);
});

test("four workers share the port", async () => {
  await using processor = await startProcessor({
    kind: "http",
    function: { source: "export default () => new Response(String(require('node:worker_threads').threadId));" },
    triggers: { api: {} },
    numWorkers: 4,
  });
  const seen = new Set<string>();
  for (let i = 0; i < 100 && seen.size < 4; i++) {
    const headers = { connection: "close" };
    seen.add(await (await fetch(`http://127.0.0.1:${processor.port}/`, { headers })).text());
  }
  expect(seen.size).toBe(4);
});

test("a busy port ends the start with the setting that chose it", async () => {
  using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
  const attributes = { host: "127.0.0.1", port: taken.port };
  const started = startProcessor({ ...streams, triggers: { api: attributes } });
  expect(await failureOf(started)).toMatch(/spec\.triggers\.api\.attributes\.port/);
});

/** "" when it does not fail. */
function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "", String);
}
