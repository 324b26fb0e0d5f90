/** Functions as Kyma runs them, unchanged, in the executable: with a publisher proxy and a trace collector of the test's own. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { metricValue } from "../support/metrics.ts";
import { startContainer } from "../support/function-container.ts";
import { ask, askJson } from "./ask.ts";

interface Received {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}
const received: Received[] = [];
const cluster = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    received.push({ path: new URL(request.url).pathname, headers: request.headers, body: await request.text() });
    return request.url.endsWith("/publish") ? new Response(null, { status: 204 }) : Response.json({});
  },
});
const clusterUrl = `http://127.0.0.1:${cluster.port}`;
afterAll(() => cluster.stop(true));
afterEach(() => void received.splice(0));

function start(file: string, env: Record<string, string> = {}) {
  return startContainer({
    env: {
      HANDLER_PATH: `./kyma/${file}`,
      FUNC_NAME: "orders",
      FUNC_RUNTIME: "nodejs22",
      SERVICE_NAMESPACE: "shop",
      ...env,
    },
    cwd: import.meta.dir,
  });
}

const json = { "content-type": "application/json; charset=utf-8" };
const plain = { "content-type": "text/plain; charset=utf-8" };

test("a sync function in CommonJS", async () => {
  await using container = await start("hello.js");
  const body = "Hello World from the Kyma Function orders running on nodejs22!";
  expect(await ask(`${container.url}/any`)).toEqual({ status: 200, headers: {}, body });
  expect((await ask(`${container.url}/favicon.ico`)).status).toBe(204);
  expect(await ask(container.url, { method: "OPTIONS" })).toEqual({ status: 200, headers: {}, body: "" });
  expect(container.process.lines.filter((line) => line.includes("/any"))).toEqual([]);
});

test("an async function in an ES module, with status, headers and JSON", async () => {
  await using container = await start("orders.mjs");
  expect(await askJson(container.url, { id: "7", total: 5 })).toEqual({
    status: 201,
    headers: { location: "/7", ...json },
    body: '{"stored":"7","by":"orders","namespace":"shop"}',
  });
  expect(await ask(`${container.url}/7`)).toEqual({ status: 200, headers: json, body: '{"id":"7","total":5}' });
  expect(await ask(`${container.url}/8`)).toEqual({ status: 404, headers: json, body: '{"error":"no such order"}' });
});

test("a string that is thrown is the answer, an Error is for the log", async () => {
  await using container = await start("refuse.js", { KYMA_INTERNAL_LOGGER_ENABLED: "1" });
  expect(await ask(container.url)).toEqual({ status: 500, headers: {}, body: "a body is needed" });
  expect(await askJson(container.url, { code: 5 })).toEqual({
    status: 500,
    headers: {},
    body: "Internal server error",
  });
  expect(await askJson(container.url, { code: 1 })).toEqual({ status: 200, headers: {}, body: "taken" });
  expect(await container.process.waitForLine(/code 5/u)).toContain("refuse.js:4");
  await container.process.waitForLine(/POST \/ 200/u);
  const bad = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
  expect((await ask(container.url, bad)).status).toBe(400);
  const long = { method: "POST", body: new Uint8Array(1_048_577) };
  expect((await ask(container.url, long)).status).toBe(413);
});

test("slow functions and endless loops are 408; others are served meanwhile", async () => {
  await using container = await start("wait.js", { FUNC_TIMEOUT: "0.4" });
  const late = { status: 408, headers: plain, body: "Request Timeout" };
  const [slow, ...quick] = await Promise.all([2000, 10, 10, 10].map((ms) => ask(`${container.url}/?ms=${ms}`)));
  expect(slow).toEqual(late);
  expect(quick.map(({ body }) => body)).toEqual(["awake", "awake", "awake"]);
  expect(await ask(`${container.url}/?busy=1`)).toEqual(late);
  expect((await ask(`${container.url}/?ms=1`)).body).toBe("awake");
});

test("callback answers", async () => {
  await using container = await start("called-back.js");
  const text = { method: "POST", headers: { "content-type": "text/plain" }, body: "form" };
  expect(await ask(container.url, text)).toEqual({
    status: 202,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "<p>thanks</p>",
  });
  expect(await ask(container.url)).toEqual({ status: 403, headers: plain, body: "Forbidden" });
});

test("bytes in, bytes out", async () => {
  await using container = await start("image.js");
  const body = Uint8Array.of(0x89, 0x50, 0, 255);
  expect(await ask(container.url, { method: "POST", body, headers: { "content-type": "image/png" } })).toEqual({
    status: 200,
    headers: { "content-type": "image/png" },
    body: "\u0089P\u0000\u00ff",
  });
});

test("TypeScript", async () => {
  await using container = await start("typed.ts");
  expect(await askJson(container.url, {})).toEqual({ status: 200, headers: plain, body: "object" });
});

describe("CloudEvents", () => {
  const attributes = { type: "order.created.v1", source: "shop", id: "1", specversion: "1.0", eventtypeversion: "v1" };
  const expected = {
    data: { order: 7 },
    "ce-type": "order.created.v1",
    "ce-source": "shop",
    "ce-eventtypeversion": "v1",
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-time": "2024-01-02T03:04:05.000Z",
    "ce-datacontenttype": "application/json",
  };

  test("arrive in both modes", async () => {
    await using container = await start("received.js");
    const time = "2024-01-02T03:04:05Z";
    const headers = { "ce-time": time } as Record<string, string>;
    for (const [name, value] of Object.entries(attributes)) headers[`ce-${name}`] = value;
    expect(JSON.parse((await askJson(container.url, { order: 7 }, headers)).body)).toEqual(expected);
    const event = { ...attributes, time, datacontenttype: "application/json", data: { order: 7 } };
    const type = { "content-type": "application/cloudevents+json" };
    expect(JSON.parse((await askJson(container.url, event, type)).body)).toEqual(expected);
  });

  test("are sent to the publisher proxy", async () => {
    await using container = await start("sanitise.js", { PUBLISHER_PROXY_ADDRESS: `${clusterUrl}/publish` });
    expect((await askJson(container.url, { secret: "s", id: 7 })).body).toBe("Event sent");
    expect(received.map(({ path, headers }) => [path, headers.get("content-type")])).toEqual([
      ["/publish", "application/cloudevents+json; charset=utf-8"],
    ]);
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      specversion: "1.0",
      type: "sap.kyma.custom.acme.payload.sanitised.v1",
      source: "kyma",
      eventtypeversion: "v1",
      datacontenttype: "application/json",
      data: { id: 7 },
    });
  });
});

test("traces go on to other services and to the collector; health and metrics are none", async () => {
  await using container = await start("upstream.js", {
    TRACE_COLLECTOR_ENDPOINT: `${clusterUrl}/v1/traces`,
    ACME_URL: `${clusterUrl}/acme`,
  });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
  expect((await ask(container.url, { headers })).body).toBe('{"status":200,"again":200}');
  const calls = received.filter(({ path }) => path === "/acme");
  expect(
    calls.map((call) => [call.headers.get("traceparent")?.slice(3, 35), call.headers.get("x-b3-traceid")]),
  ).toEqual([
    [trace, trace],
    [trace, trace],
  ]);
  await ask(`${container.url}/metrics`);
  expect(await container.process.stop()).toBe(0);
  interface Export {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: unknown };
      readonly scopeSpans: readonly { readonly spans: readonly { name: string; traceId: string }[] }[];
    }[];
  }
  const exports = received
    .filter(({ path }) => path === "/v1/traces")
    .flatMap(({ body }) => (JSON.parse(body) as Export).resourceSpans);
  const spans = exports.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  expect(spans.map(({ name, traceId }) => `${name} ${traceId === trace}`).toSorted()).toEqual([
    "GET true",
    "GET true",
    "GET true",
    "call-to-acme-service true",
  ]);
  expect(JSON.stringify(exports[0]?.resource)).toContain('"orders"');
});

test("a function's own OpenTelemetry API sees the span it runs in", async () => {
  await using container = await start("own-api.js");
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
  expect((await ask(container.url, { headers })).body).toBe(trace);
});

describe("main(request, response) of Node.js 26", () => {
  const startNew = (env: Record<string, string> = {}) =>
    start("request-api", { FUNC_RUNTIME: "nodejs26", FUNC_TIMEOUT: "0.3", ...env });

  test("answers by the response alone, and knows its surroundings by the module sdk", async () => {
    await using container = await startNew({
      FUNC_BODY_MB_LIMIT: "2",
      PUBLISHER_PROXY_ADDRESS: `${clusterUrl}/publish`,
    });
    const { url } = container;
    expect(await askJson(url, { a: 1 })).toMatchObject({ body: '["orders","shop","nodejs26",0.3,2,{"a":1}]' });
    expect((await ask(`${url}/later`)).body).toBe("later");
    expect(await ask(`${url}/never`)).toEqual({ status: 408, headers: plain, body: "Request Timeout" });
    expect(await ask(`${url}/fail`)).toMatchObject({ status: 500, body: "Internal server error" });
    expect(await ask(`${url}/emit`)).toMatchObject({ status: 202, body: "sent 204" });
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      type: "t",
      source: "s",
      datacontenttype: "text/plain",
      data: 5,
    });
    const event = {
      type: "t",
      source: "s",
      id: "1",
      specversion: "1.0",
      time: "2024-01-02T03:04:05.000Z",
      subject: "x",
    };
    const sent = await askJson(
      `${url}/event`,
      { ...event, data: [1] },
      { "content-type": "application/cloudevents+json" },
    );
    expect(JSON.parse(sent.body)).toEqual({ ...event, data: [1] });
    expect((await askJson(`${url}/event`, {})).body).toBe("null");
  });

  test("in an ES module, under another name", async () => {
    await using container = await startNew({ HANDLER_MOD_NAME: "module", HANDLER_FUNC_NAME: "traced" });
    expect((await ask(container.url)).body).toMatch(/^[\da-f]{32}$/);
  });
});

test("/metrics has Kyma's names", async () => {
  await using container = await start("refuse.js");
  await ask(container.url);
  const page = await (await fetch(`${container.url}/metrics`)).text();
  const scope = { otel_scope_name: "orders" };
  expect(
    ["function_calls_total", "function_failures_total", "function_duration_miliseconds_count"].map((name) =>
      metricValue(page, name, scope),
    ),
  ).toEqual([1, 1, 1]);
});
