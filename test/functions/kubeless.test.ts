/** Functions as Kubeless runs them, unchanged, in the executable: a container that has an environment and no configuration. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { metricValue } from "../support/metrics.ts";
import { startContainer } from "../support/function-container.ts";
import { ask, askJson } from "./ask.ts";

const volume = join(import.meta.dir, "kubeless");

function start(module: string, env: Record<string, string> = {}, numWorkers = 1) {
  return startContainer({
    env: { MOD_NAME: module, FUNC_HANDLER: module, KUBELESS_INSTALL_VOLUME: volume, ...env },
    numWorkers,
  });
}

const json = { "content-type": "application/json; charset=utf-8" };

test("text is sent as it is, at every path and with every method, to every origin", async () => {
  await using container = await start("hello");
  for (const [path, method] of [
    ["/", "GET"],
    ["/any/path?x=1", "DELETE"],
    ["/healthz", "POST"],
  ] as const) {
    expect(await ask(container.url + path, { method })).toEqual({ status: 200, headers: {}, body: "hello world!" });
  }
  const response = await fetch(container.url, { headers: { origin: "https://shop.example" } });
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(JSON.parse(await container.process.waitForLine(/DELETE \/any\/path 200/u))).toMatchObject({
    method: "DELETE",
    path: "/any/path",
    status: 200,
    remoteAddress: "127.0.0.1",
  });
});

test("a sync function gets data, the event's fields and its context", async () => {
  await using container = await start("echo", {
    FUNC_TIMEOUT: "7",
    FUNC_RUNTIME: "nodejs14",
    FUNC_MEMORY_LIMIT: "128Mi",
  });
  const headers = { "event-id": "id1", "event-type": "application/json", "event-namespace": "cli.kubeless.io" };
  const { status, body } = await askJson(container.url, { a: [1] }, headers);
  expect({ status, body: JSON.parse(body) as unknown }).toEqual({
    status: 200,
    body: {
      data: { a: [1] },
      type: "application/json",
      namespace: "cli.kubeless.io",
      context: { "function-name": "echo", timeout: 7, runtime: "nodejs14", "memory-limit": "128Mi" },
    },
  });
  expect(JSON.parse((await ask(container.url)).body)).toMatchObject({ data: {} });
  await container.process.waitForLine(/event id1 of type application\/json/u);
  const bad = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
  expect(await ask(container.url, bad)).toMatchObject({ status: 500, body: "Internal Server Error" });
});

test("async functions run side by side; one that is too slow is 408 and takes nobody along", async () => {
  await using container = await start("later", { FUNC_TIMEOUT: "0.5" });
  const startedAt = performance.now();
  const [slow, ...quick] = await Promise.all(
    [3000, ...Array.from({ length: 10 }, () => 200)].map((ms) => ask(`${container.url}/?ms=${ms}`)),
  );
  expect(slow).toEqual({ status: 408, headers: json, body: '{"code":"ERR_SCRIPT_EXECUTION_TIMEOUT"}' });
  expect(quick.map(({ status, body }) => `${status} ${body}`)).toEqual(Array.from({ length: 10 }, () => "200 done"));
  expect(performance.now() - startedAt).toBeLessThan(1500);
});

test("an endless loop is 408; what came meanwhile is served, and the worker stays", async () => {
  await using container = await start("busy", { FUNC_TIMEOUT: "0.3" });
  const text = { method: "POST", headers: { "content-type": "text/plain" } };
  const loop = ask(container.url, { ...text, body: "loop" });
  await Bun.sleep(50);
  const waiting = Array.from({ length: 5 }, () => ask(container.url, { ...text, body: "x" }));
  expect((await loop).status).toBe(408);
  expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(Array.from({ length: 5 }, () => "free"));
  expect(container.process.lines.filter((line) => line.includes("lost"))).toEqual([]);
});

describe("a function that computes", () => {
  test("may do so for the time of a call, longer than a thread may else be silent", async () => {
    await using container = await start("compute", { FUNC_TIMEOUT: "3", PROCESSOR_HANG_TIMEOUT: "200ms" });
    for (const path of ["/?ms=700", "/?ms=700&after=1"]) {
      expect((await ask(container.url + path)).body).toBe("computed for 700 ms");
    }
    expect(container.process.lines.filter((line) => line.includes("lost"))).toEqual([]);
  });

  test("behind an await for ever is ended with its thread, and a fresh one serves", async () => {
    await using container = await start("compute", { FUNC_TIMEOUT: "0.3", PROCESSOR_HANG_TIMEOUT: "300ms" });
    const startedAt = performance.now();
    const lost = await ask(`${container.url}/?ms=60000&after=1`).catch(() => "lost");
    expect(lost).toBe("lost");
    await container.process.waitForLine(/worker 0 serves again/u);
    expect((await ask(`${container.url}/?ms=1`)).body).toBe("computed for 1 ms");
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(await container.process.waitForLine(/worker 0 lost with/u)).toContain("HANG");
  });
});

test("a throw and a rejection are 500, told to the log with file and line", async () => {
  await using container = await start("broken");
  const failed = {
    status: 500,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "Internal Server Error",
  };
  expect(await ask(container.url)).toEqual(failed);
  expect(await askJson(container.url, { order: "late" })).toEqual(failed);
  expect(await askJson(container.url, { order: 7 })).toMatchObject({ status: 200, body: "order 7" });
  const line = await container.process.waitForLine(/there is no order in it/u);
  expect(line).toContain("kubeless/broken.js:4");
  expect(line).toContain("Function failed to execute: ");
});

test("status, headers, cookies and redirects are those of express", async () => {
  await using container = await start("status");
  expect(await ask(`${container.url}/orders?x=1`)).toEqual({
    status: 201,
    headers: { location: "/orders?x=1/1", "set-cookie": "seen=yes; Path=/; HttpOnly" },
    body: "made",
  });
  expect(await ask(`${container.url}/missing`)).toEqual({ status: 404, headers: json, body: '{"error":"not found"}' });
  expect(await ask(`${container.url}/elsewhere`)).toMatchObject({ status: 301, headers: { location: "/here" } });
  expect(await ask(`${container.url}/teapot`)).toMatchObject({ status: 418, body: "I'm a Teapot" });
});

test("bytes come in through the request's stream and go out through send", async () => {
  await using container = await start("binary");
  const body = Uint8Array.from({ length: 700_000 }, (_, index) => index % 256);
  const answer = await ask(container.url, { method: "POST", body });
  expect(answer.headers).toEqual({
    "content-type": "image/png",
    "x-sha256": new Bun.CryptoHasher("sha256").update(body).digest("hex"),
  });
  expect(Buffer.from(answer.body, "latin1").equals(body)).toBe(true);
  const tooLong = await ask(container.url, { method: "POST", body: new Uint8Array(1_048_577) });
  expect([tooLong.status, tooLong.headers["content-type"]]).toEqual([413, "text/html; charset=utf-8"]);
});

test("module state lives on between calls, and modules are found beside the function", async () => {
  await using container = await start("counter");
  const counts: string[] = [];
  for (let call = 0; call < 3; call++) counts.push((await ask(container.url)).body);
  expect(counts).toEqual(["2", "4", "6"]);
});

test("multer reads parts from the request", async () => {
  await using container = await start("upload");
  const form = new FormData();
  form.set("note", "for you");
  form.set("file", new Blob(["x".repeat(5000)]), "a.txt");
  expect(await ask(container.url, { method: "POST", body: form })).toEqual({
    status: 200,
    headers: json,
    body: '{"name":"a.txt","size":5000,"note":"for you"}',
  });
});

test("what is piped into the response is streamed", async () => {
  await using container = await start("rows");
  const { headers, body } = await ask(container.url);
  expect(headers).toEqual({ "content-type": "text/csv; charset=utf-8" });
  expect(body.split("\n")).toHaveLength(10_001);
});

describe("the module", () => {
  test("may be TypeScript", async () => {
    await using container = await start("typed");
    expect((await askJson(container.url, { name: "Ada" })).body).toBe("hello Ada");
  });

  test("may be the function itself", async () => {
    await using container = await start("plain", { FUNC_HANDLER: "whatever" });
    expect((await ask(container.url, { method: "PUT" })).body).toBe("method PUT");
  });

  test("that is not there, or a variable that is missing, ends the start with a line that says so", async () => {
    const missing = await start("nothing").catch((error: unknown) => String(error));
    expect(missing).toContain(`${volume}/nothing`);
    const half = await start("hello", { FUNC_HANDLER: "" }).catch((error: unknown) => String(error));
    expect(half).toContain("FUNC_HANDLER, the name of the function in it, is not set");
  });
});

test("pre-flight requests are answered, and nothing undefined is said", async () => {
  await using container = await start("broken");
  const asked = { "access-control-request-method": "PUT", "access-control-request-headers": "x-a" };
  expect(await ask(container.url, { method: "OPTIONS", headers: asked })).toEqual({
    status: 200,
    headers: { "access-control-allow-methods": "PUT", "access-control-allow-headers": "x-a" },
    body: "",
  });
  expect(await ask(container.url, { method: "OPTIONS" })).toEqual({ status: 200, headers: {}, body: "" });
});

test("/metrics is the sum of all workers, on the function's port and the processor's own", async () => {
  await using container = await start("broken", {}, 3);
  await Promise.all(Array.from({ length: 30 }, () => askJson(container.url, { order: 1 }, { connection: "close" })));
  await Promise.all(Array.from({ length: 6 }, () => ask(container.url, { headers: { connection: "close" } })));
  for (let scrape = 0; scrape < 4; scrape++) {
    const page = await (await fetch(`${container.url}/metrics`, { headers: { connection: "close" } })).text();
    const read = (name: string, method: string) => metricValue(page, name, { method: `broken-${method}` });
    expect(read("function_calls_total", "POST")).toBe(30);
    expect(read("function_calls_total", "GET")).toBe(6);
    expect(read("function_failures_total", "GET")).toBe(6);
    expect(read("function_duration_seconds_count", "POST")).toBe(30);
  }
  const own = await (await fetch(container.metricsUrl)).text();
  expect(metricValue(own, "function_calls_total", { method: "broken-POST" })).toBe(30);
  expect(metricValue(own, "nuclio_processor_handled_events_total", { result: "failure" })).toBe(6);
});

test("SIGTERM lets a call finish", async () => {
  await using container = await start("later");
  const running = ask(`${container.url}/?ms=300`);
  await Bun.sleep(100);
  expect([await container.process.stop(), (await running).body]).toEqual([0, "done"]);
});
