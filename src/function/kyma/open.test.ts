import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { get, request as httpRequest } from "node:http";
import type { Span, Tracer } from "@opentelemetry/api";
import { callFunction, type EventChange, makeHost, type Outcome } from "../event-function.test-support.ts";
import type { EventHandler } from "../loaded-function.ts";
import type { KymaEvent } from "./event.ts";
import { openKymaFunction } from "./open.ts";

type Callback = (body?: unknown, status?: number, headers?: Record<string, string>) => void;
type Main = (
  event: KymaEvent & Record<string, unknown>,
  context: Record<string, unknown>,
  callback: Callback,
) => unknown;

/** One server plays the publisher proxy, the collector and whom functions call. */
interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}
const received: Received[] = [];
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    received.push({ path: pathname, headers: Object.fromEntries(request.headers), body: await request.text() });
    if (pathname === "/refuse") return new Response("not now", { status: 503 });
    return pathname === "/publish" ? new Response(null, { status: 204 }) : Response.json({});
  },
});
const base = `http://127.0.0.1:${server.port}`;
afterAll(() => server.stop(true));
afterEach(() => void received.splice(0));

const environment = {
  FUNC_NAME: "orders",
  FUNC_RUNTIME: "nodejs22",
  FUNC_TIMEOUT: "0.2",
  SERVICE_NAMESPACE: "shop",
  PUBLISHER_PROXY_ADDRESS: `${base}/publish`,
  TRACE_COLLECTOR_ENDPOINT: `${base}/v1/traces`,
};

function open(main: Main, more: Record<string, string> = {}) {
  const origin = { file: "/usr/src/app/function/handler.js", exportName: "main" };
  const loaded = { contract: "kyma" as const, origin, handler: main as unknown as EventHandler };
  return openKymaFunction(loaded, makeHost(), { ...environment, ...more });
}

async function call(main: Main, change: EventChange = {}, more: Record<string, string> = {}): Promise<Outcome> {
  return callFunction(await open(main, more), change);
}

const json = { "content-type": "application/json; charset=utf-8" };
const plain = { "content-type": "text/plain; charset=utf-8" };
const failed: Outcome = { status: 500, headers: {}, body: "Internal server error", error: "HANDLER_FAILED" };

describe("what it returns", () => {
  const nothing = { status: 200, headers: {}, body: "" };
  test.each<[string, unknown, Outcome]>([
    ["text", "hello", { status: 200, headers: {}, body: "hello" }],
    ["an object", { a: 1 }, { status: 200, headers: json, body: '{"a":1}' }],
    ["an array", [1], { status: 200, headers: json, body: "[1]" }],
    ["a Buffer", Buffer.from("a"), { status: 200, headers: json, body: '{"type":"Buffer","data":[97]}' }],
    ["0", 0, nothing],
    ["false", false, nothing],
    ["null", null, nothing],
    ["an empty text", "", nothing],
    ["undefined", undefined, nothing],
    ["a number", 5, failed],
    ["true", true, failed],
  ])("%s, by itself and as a promise", async (_, value, expected) => {
    expect([await call(() => value), await call(() => Promise.resolve(value))]).toEqual([expected, expected]);
  });

  test("with a status, a header and a type set before", async () => {
    const outcome = await call((event) => {
      event.setResponseStatus(201);
      event.setResponseHeader("X-Kind", "made");
      event.setResponseContentType("html");
      return "<p>";
    });
    const headers = { "x-kind": "made", "content-type": "text/html; charset=utf-8" };
    expect(outcome).toEqual({ status: 201, headers, body: "<p>" });
  });

  test.each<[string, Parameters<Callback>, Outcome]>([
    [
      "body, status and headers",
      [{ a: 1 }, 202, { "X-A": "1" }],
      { status: 202, headers: { "x-a": "1", ...json }, body: '{"a":1}' },
    ],
    ["a body alone", ["text"], { status: 200, headers: {}, body: "text" }],
    ["a status alone", [undefined, 404], { status: 404, headers: plain, body: "Not Found" }],
    ["nothing", [], { status: 200, headers: {}, body: "" }],
  ])("is ignored after callback was given %s", async (_, given, expected) => {
    const main: Main = (_event, _context, callback) => {
      callback(...given);
      return "ignored";
    };
    expect(await call(main)).toEqual(expected);
  });
});

describe("failures", () => {
  test.each<[string, () => never, Outcome]>([
    [
      "an Error",
      () => {
        throw new Error("secret");
      },
      failed,
    ],
    [
      "a text, which is the answer",
      () => {
        throw "no such order";
      },
      { ...failed, body: "no such order" },
    ],
  ])("%s, thrown and rejected", async (_, main, expected) => {
    expect([await call(main), await call(async () => main())]).toEqual([expected, expected]);
  });

  test("an async function that takes too long and an endless loop are 408", async () => {
    const tooLate: Outcome = { status: 408, headers: plain, body: "Request Timeout", error: "TIMED_OUT" };
    expect(await call(() => Bun.sleep(400))).toEqual(tooLate);
    expect(
      await call(() => {
        for (;;);
      }),
    ).toEqual(tooLate);
  });
});

describe("event.data", () => {
  const dataOf = async (type: string | null, body: string | Uint8Array) => {
    const seen: unknown[] = [];
    const headers: Record<string, string> = type === null ? {} : { "content-type": type };
    const outcome = await call((event) => void seen.push("data" in event ? event.data : "absent"), { headers, body });
    return outcome.status === 200 ? seen[0] : [outcome.status, outcome.headers["content-type"], outcome.error];
  };

  test.each<[string, string | null, string, unknown]>([
    ["JSON", "application/json; charset=utf-8", '{"a":1}', { a: 1 }],
    ["a JSON text", "application/json", '"text"', "text"],
    ["a JSON value that is nothing", "application/json", "0", "absent"],
    ["empty JSON", "application/json", "", {}],
    ["text", "text/csv", "a,b", "a,b"],
    ["a form", "application/x-www-form-urlencoded", "a[b]=1&c=2&c=3", { a: { b: "1" }, c: ["2", "3"] }],
    ["JSON by another name", "application/x+json", "{}", Buffer.from("{}")],
    ["a batch of events", "application/cloudevents-batch+json", "[]", Buffer.from("[]")],
    ["no type", null, "a", Buffer.from("a")],
    ["parts", "multipart/form-data; boundary=x", "--x", "absent"],
    ["bad JSON", "application/json", "{", [400, "text/html; charset=utf-8", "BAD_EVENT"]],
    ["a charset nobody knows", "text/plain; charset=klingon", "a", [415, "text/html; charset=utf-8", "BAD_EVENT"]],
  ])("of %s", async (_, type, body, expected) => {
    expect(await dataOf(type, body)).toEqual(expected);
  });

  test("of text in another charset", async () => {
    expect(await dataOf("text/plain; charset=iso-8859-1", Uint8Array.of(0xe9))).toBe("\u00e9");
  });

  test("is absent without a body", async () => {
    const seen: unknown[] = [];
    await call((event) => void seen.push("data" in event));
    expect(seen).toEqual([false]);
  });

  test("parts are a Buffer at the request", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const outcome = await call(({ extensions }) => String(extensions.request.body), { headers, body: "--x--" });
    expect(outcome.body).toBe("--x--");
  });
});

describe("CloudEvents", () => {
  const seenOf = async (change: EventChange) => {
    const seen: object[] = [];
    const outcome = await call((event) => {
      seen.push(Object.fromEntries(Object.entries(event).filter(([name]) => /^ce-|^data$/.test(name))));
    }, change);
    return seen[0] ?? outcome;
  };
  const attributes = { type: "order.created.v1", source: "shop", id: "7", specversion: "1.0", eventtypeversion: "v1" };
  const fields = {
    "ce-type": "order.created.v1",
    "ce-source": "shop",
    "ce-eventtypeversion": "v1",
    "ce-specversion": "1.0",
    "ce-id": "7",
    "ce-time": "2024-01-02T03:04:05.000Z",
    "ce-datacontenttype": "application/json",
  };
  const time = "2024-01-02T03:04:05Z";

  test("structured", async () => {
    const body = JSON.stringify({ ...attributes, time, datacontenttype: "application/json", data: { order: 1 } });
    const headers = { "content-type": "application/cloudevents+json; charset=utf-8" };
    expect(await seenOf({ headers, body })).toEqual({ ...fields, data: { order: 1 } });
  });

  test("structured, with bytes, and without what it should have", async () => {
    const headers = { "content-type": "application/cloudevents+json" };
    const seen = await seenOf({ headers, body: JSON.stringify({ type: "t", data_base64: "AP8=" }) });
    expect(seen).toEqual({
      "ce-type": "t",
      "ce-source": undefined,
      "ce-eventtypeversion": undefined,
      "ce-specversion": "1.0",
      "ce-id": expect.stringMatching(/^[\da-f-]{36}$/),
      "ce-time": expect.stringMatching(/Z$/),
      "ce-datacontenttype": undefined,
      data: Buffer.from([0, 255]),
    });
  });

  test("binary", async () => {
    const headers: Record<string, string> = { "content-type": "application/json", "ce-time": time };
    for (const [name, value] of Object.entries(attributes)) headers[`ce-${name}`] = value;
    expect(await seenOf({ headers, body: '{"order":1}' })).toEqual({ ...fields, data: { order: 1 } });
    expect(await seenOf({ headers })).toEqual({});
  });

  test("binary without an id, and structured that is no object, are no events", async () => {
    const binary = { headers: { "ce-type": "t", "ce-source": "s" }, body: "x" };
    const structured = { headers: { "content-type": "application/cloudevents+json" }, body: "[1]" };
    for (const change of [binary, structured]) {
      const outcome = await seenOf(change);
      expect(outcome).toMatchObject({ status: 500, error: "BAD_EVENT" });
      expect(outcome).toMatchObject({ body: expect.stringContaining("no cloud event detected") });
    }
  });
});

describe("events it sends", () => {
  test("emitCloudEvent posts a structured event and leaves the attributes it is given alone", async () => {
    const given = { eventtypeversion: "v1", subject: "7" };
    const outcome = await call(async (event) => {
      const { status } = await event.emitCloudEvent("order.created", "shop", { order: 7 }, given);
      return `publisher said ${status}`;
    });
    expect(outcome.body).toBe("publisher said 204");
    expect(given).toEqual({ eventtypeversion: "v1", subject: "7" });
    const [sent] = received;
    expect(sent).toMatchObject({
      path: "/publish",
      headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
    });
    expect(JSON.parse(sent?.body ?? "")).toEqual({
      specversion: "1.0",
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      time: expect.stringMatching(/Z$/),
      type: "order.created",
      source: "shop",
      datacontenttype: "application/json",
      eventtypeversion: "v1",
      subject: "7",
      data: { order: 7 },
    });
  });

  test("attributes win over what an event has by itself; text and numbers have their content types", async () => {
    await call(async (event) => {
      await event.emitCloudEvent("t", "s", "text", { id: "mine", time: "then" });
      await event.emitCloudEvent("t", "s", 5);
      await event.emitCloudEvent("t", "s", Buffer.from([0, 255]), { datacontenttype: "image/x" });
    });
    const bodies = received.filter(({ path }) => path === "/publish").map(({ body }) => JSON.parse(body) as object);
    expect(bodies).toEqual([
      {
        specversion: "1.0",
        id: "mine",
        time: "then",
        type: "t",
        source: "s",
        datacontenttype: "text/plain",
        data: "text",
      },
      { specversion: "1.0", id: expect.any(String), time: expect.any(String), type: "t", source: "s", data: 5 },
      {
        specversion: "1.0",
        id: expect.any(String),
        time: expect.any(String),
        type: "t",
        source: "s",
        datacontenttype: "image/x",
        data_base64: "AP8=",
      },
    ]);
  });

  test("a publisher that refuses, or is not there, rejects", async () => {
    const main: Main = (event) =>
      event
        .emitCloudEvent("t", "s", 1)
        .catch((error: Error & { response?: { status: number; data: unknown } }) => [
          error.message,
          error.response?.status,
          error.response?.data,
        ]);
    const refused = await call(main, {}, { PUBLISHER_PROXY_ADDRESS: `${base}/refuse` });
    expect(JSON.parse(refused.body)).toEqual(["the publisher proxy answered with status 503", 503, "not now"]);
    const missing = await call(main, {}, { PUBLISHER_PROXY_ADDRESS: "" });
    expect(missing.body).toContain("PUBLISHER_PROXY_ADDRESS is not set");
  });

  test("the deprecated methods publish as given and build an answer from the request's headers", async () => {
    const headers = {
      "ce-type": "t",
      "ce-source": "shop",
      "ce-id": "1",
      "ce-specversion": "1.0",
      "ce-eventtypeversion": "v1",
    };
    const outcome = await call(
      async (event) => {
        const built = event.buildResponseCloudEvent("9", "order.done", { a: 1 });
        await event.publishCloudEvent(built);
        return built;
      },
      { headers, body: "x" },
    );
    const built = {
      type: "order.done",
      source: "shop",
      eventtypeversion: "v1",
      specversion: "1.0",
      id: "9",
      data: { a: 1 },
      datacontenttype: "application/json",
    };
    expect(JSON.parse(outcome.body)).toEqual(built);
    expect(received[0]).toMatchObject({ headers: { "content-type": "application/cloudevents+json" } });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual(built);
  });
});

describe("tracing", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const parent = "b7ad6b7169203331";

  test("the caller's trace goes on to whom the function calls, by fetch and by http", async () => {
    const main: Main = async () => {
      await Bun.sleep(1);
      await fetch(`${base}/fetch`, { headers: { "x-own": "1" } });
      await fetch(new Request(`${base}/request`, { method: "POST", body: "b", headers: { "x-own": "2" } }));
      await new Promise((resolve) => get(`${base}/get`, (response) => response.resume().on("end", resolve)));
      await new Promise((resolve) =>
        httpRequest(`${base}/post`, { method: "POST" }, (response) => response.resume().on("end", resolve)).end("b"),
      );
    };
    await call(main, { headers: { traceparent: `00-${trace}-${parent}-01` } });
    const calls = received.filter(({ path }) => path !== "/v1/traces");
    expect(calls.map(({ path, body, headers }) => [path, body, headers["x-own"]])).toEqual([
      ["/fetch", "", "1"],
      ["/request", "b", "2"],
      ["/get", "", undefined],
      ["/post", "b", undefined],
    ]);
    for (const { headers } of calls) {
      const [, traceId, spanId] = headers["traceparent"]?.split("-") ?? [];
      expect([traceId, headers["x-b3-traceid"], headers["x-b3-sampled"]]).toEqual([trace, trace, "1"]);
      expect(headers["x-b3-spanid"]).toBe(spanId ?? "none");
      expect(spanId).not.toBe(parent);
    }
  });

  test("B3 headers are understood too, and event.tracer makes spans below the event's", async () => {
    const opened = await open((event) =>
      (event.tracer as Tracer).startActiveSpan("inner", (span: Span) => {
        span.end();
        return span.spanContext().traceId;
      }),
    );
    const headers = { "x-b3-traceid": trace, "x-b3-spanid": parent, "x-b3-sampled": "1" };
    expect((await callFunction(opened, { headers })).body).toBe(trace);
    await opened.close();
    const exported = received
      .filter(({ path }) => path === "/v1/traces")
      .map(({ body }) => body)
      .join("");
    expect(exported).toContain('"name":"inner"');
    expect(exported).toContain('"stringValue":"orders"');
    expect(exported).toContain(parent);
  });

  test("outside of an event nothing is added", async () => {
    await fetch(`${base}/plain`);
    expect(received.find(({ path }) => path === "/plain")?.headers["traceparent"]).toBeUndefined();
  });
});

test("the context tells the function's name, its namespace and its limits", async () => {
  const outcome = await call((_, context) => context);
  expect(JSON.parse(outcome.body)).toEqual({
    "function-name": "orders",
    runtime: "nodejs22",
    namespace: "shop",
    timeout: 0.2,
    "body-size-limit": 1,
  });
});

test("GET /favicon.ico is 204, GET /metrics has the series by their Kyma names from their first use on", async () => {
  const opened = await open(({ data }) => {
    if (data !== undefined) throw new Error("no");
  });
  const ask = async (path: string) => opened.surface?.answer(new Request(`http://a${path}`));
  expect((await ask("/favicon.ico"))?.status).toBe(204);
  const read = async () => ((await (await ask("/metrics"))?.text()) ?? "").split("\n");
  const before = await read();
  expect(before[2]).toStartWith('target_info{service_name="unknown_service:node"');
  expect(before.some((line) => line.startsWith("function_"))).toBe(false);
  await callFunction(opened);
  expect((await read()).filter((line) => line.startsWith("function_failures_total{"))).toEqual([]);
  await callFunction(opened, { body: "x" });
  const page = await ask("/metrics");
  expect(page?.headers.get("content-type")).toBe("text/plain");
  const lines = ((await page?.text()) ?? "").split("\n");
  expect(lines).toContain('function_calls_total{otel_scope_name="orders"} 2');
  expect(lines).toContain('function_failures_total{otel_scope_name="orders"} 1');
  expect(lines).toContain('function_duration_miliseconds_count{otel_scope_name="orders"} 2');
  expect(lines).toContain('function_duration_miliseconds_bucket{otel_scope_name="orders",le="10000"} 2');
});
