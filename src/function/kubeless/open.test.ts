import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { Transform } from "node:stream";
import { gzipSync } from "node:zlib";
import { callFunction, type EventChange, makeEvent, makeHost, type Outcome } from "../event-function.test-support.ts";
import type { EventRequest } from "../express-like/request.ts";
import type { EventResponse } from "../express-like/response.ts";
import type { EventHandler } from "../loaded-function.ts";
import { MemoryLog } from "../memory-log.test-support.ts";
import { openKubelessFunction } from "./open.ts";

interface KubelessEvent {
  readonly data: unknown;
  readonly "event-type": string | undefined;
  readonly extensions: { readonly request: EventRequest; readonly response: EventResponse };
}
type Fn = (event: KubelessEvent, context: Record<string, unknown>) => unknown;

const environment = { MOD_NAME: "hello", FUNC_HANDLER: "fn", FUNC_TIMEOUT: "0.2", FUNC_RUNTIME: "nodejs14" };

function open(fn: Fn, more: Record<string, string> = {}, host = makeHost()) {
  const origin = { file: "/kubeless/hello.js", exportName: "fn" };
  return openKubelessFunction({ contract: "kubeless", origin, handler: fn as unknown as EventHandler }, host, {
    ...environment,
    ...more,
  });
}

function call(fn: Fn, change: EventChange = {}, more: Record<string, string> = {}): Promise<Outcome> {
  return callFunction(open(fn, more), change);
}

function messageOf(rejecting: Promise<unknown>): Promise<string> {
  return rejecting.then(
    () => "nothing is wrong",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

const json = { "content-type": "application/json; charset=utf-8" };
const html = { "content-type": "text/html; charset=utf-8" };
const failed: Outcome = { status: 500, headers: html, body: "Internal Server Error", error: "HANDLER_FAILED" };
const tooLate: Outcome = {
  status: 408,
  headers: json,
  body: '{"code":"ERR_SCRIPT_EXECUTION_TIMEOUT"}',
  error: "TIMED_OUT",
};

describe("what it returns", () => {
  test.each<[string, unknown, Outcome]>([
    ["text", "hello", { status: 200, headers: {}, body: "hello" }],
    ["an object", { a: 1 }, { status: 200, headers: json, body: '{"a":1}' }],
    ["an array", [1], { status: 200, headers: json, body: "[1]" }],
    ["null", null, { status: 200, headers: json, body: "null" }],
    ["undefined", undefined, { status: 200, headers: {}, body: "" }],
    ["a number", 5, { status: 200, headers: {}, body: "5" }],
    ["false", false, { status: 200, headers: {}, body: "false" }],
    ["a Buffer", Buffer.from("a"), { status: 200, headers: json, body: '{"type":"Buffer","data":[97]}' }],
    ["what has no JSON form", { big: 5n }, failed],
  ])("%s, by itself and as a promise", async (_, value, expected) => {
    expect([await call(() => value), await call(() => Promise.resolve(value))]).toEqual([expected, expected]);
  });

  test("is ignored once the response has ended", async () => {
    const fn: Fn = ({ extensions: { response } }) => {
      response.status(201).set("X-Kind", "made").send("own");
      return "ignored";
    };
    expect(await call(fn)).toEqual({ status: 201, headers: { "x-kind": "made", ...html }, body: "own" });
  });

  test("keeps the status and headers set before", async () => {
    const fn: Fn = ({ extensions: { response } }) => {
      response.status(404).set("X-Kind", "missing");
      return { found: false };
    };
    expect(await call(fn)).toEqual({ status: 404, headers: { "x-kind": "missing", ...json }, body: '{"found":false}' });
  });
});

describe("event.data", () => {
  const dataOf = async (change: EventChange, more: Record<string, string> = {}) => {
    const seen: unknown[] = [];
    const outcome = await call(({ data }) => void seen.push(data), change, more);
    return outcome.status === 200 ? seen[0] : outcome;
  };

  test.each<[string, EventChange, unknown]>([
    ["no body", {}, {}],
    ["an empty body", { body: "" }, Buffer.alloc(0)],
    ["JSON", { body: '{"a":1}', headers: { "content-type": "application/json; charset=utf-8" } }, { a: 1 }],
    ["JSON by another name", { body: '{"a":1}', headers: { "content-type": "application/x+json" } }, '{"a":1}'],
    ["a form", { body: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } }, "a=1"],
    ["bytes", { body: "h\u00e9", headers: { "content-type": "application/octet-stream" } }, "h\u00e9"],
    ["no type", { body: "text" }, "text"],
    ["parts", { body: "--x", headers: { "content-type": "multipart/form-data; boundary=x" } }, {}],
    ["a compressed body", { body: gzipSync("text"), headers: { "content-encoding": "gzip" } }, "text"],
  ])("of %s", async (_, change, expected) => {
    expect(await dataOf(change)).toEqual(expected);
  });

  test("invalid JSON is a failure, and the function is not called", async () => {
    const bad = { body: "{", headers: { "content-type": "application/json" } };
    expect(await dataOf(bad)).toEqual({ ...failed, error: "BAD_EVENT" });
  });

  test("a body that grows beyond the limit is refused", async () => {
    const bomb = { body: gzipSync("a".repeat(3_000_000)), headers: { "content-encoding": "gzip" } };
    expect(await dataOf(bomb)).toMatchObject({ status: 413, error: "TOO_LARGE" });
    expect(await dataOf(bomb, { REQ_MB_LIMIT: "3" })).toHaveLength(3_000_000);
  });

  test("parts stay in the request's stream", async () => {
    const fn: Fn = async ({ extensions: { request } }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    };
    const outcome = await call(fn, { body: "--x--", headers: { "content-type": "multipart/form-data; boundary=x" } });
    expect(outcome.body).toBe("--x--");
  });
});

test("the event's own fields come from headers, the context from the environment", async () => {
  const headers = { "event-type": "t", "event-id": "7", "event-time": "now", "event-namespace": "ns" };
  const seen: unknown[] = [];
  await call((event, context) => void seen.push({ ...event, extensions: "" }, context), { headers });
  expect(seen).toEqual([
    { "event-type": "t", "event-id": "7", "event-time": "now", "event-namespace": "ns", data: {}, extensions: "" },
    { "function-name": "fn", timeout: 0.2, runtime: "nodejs14", "memory-limit": undefined },
  ]);
});

describe("CloudEvents 0.1", () => {
  test("a structured one is the event", async () => {
    const headers = { "content-type": "application/cloudevents+json" };
    const body = JSON.stringify({ eventType: "t", eventID: "1", data: { a: 1 }, extensions: { trace: "x" } });
    const seen: unknown[] = [];
    await call((event) => void seen.push(event), { headers, body });
    expect(seen).toMatchObject([{ eventType: "t", eventID: "1", data: { a: 1 }, extensions: { trace: "x" } }]);
    expect(seen).toMatchObject([{ extensions: { request: { method: "POST" }, response: { statusCode: 200 } } }]);
  });

  test("a binary one is read from the headers", async () => {
    const headers = {
      "content-type": "application/x+json",
      "ce-eventtype": "t",
      "ce-eventid": "1",
      "ce-eventsource": "/s",
      "ce-cloudeventsversion": "0.1",
      "ce-x-mine": "yes",
    };
    const seen: unknown[] = [];
    await call((event) => void seen.push(event), { headers, body: '{"a":1}' });
    expect(seen).toMatchObject([
      {
        eventType: "t",
        eventID: "1",
        source: "/s",
        cloudEventsVersion: "0.1",
        contentType: "application/x+json",
        data: { a: 1 },
        extensions: { "ce-x-mine": "yes" },
      },
    ]);
  });
});

describe("failures", () => {
  test("a throw and a rejection are 500, and the reason is for the log", async () => {
    const failures: Fn[] = [
      () => {
        throw new TypeError("secret");
      },
      () => Promise.reject(new TypeError("secret")),
    ];
    for (const fn of failures) {
      expect(await call(fn)).toEqual(failed);
      const { signal } = new AbortController();
      const invoked = open(fn).invoke(makeEvent(), { log: new MemoryLog(), signal });
      expect(await messageOf(invoked)).toBe("Function failed to execute: TypeError: secret");
    }
  });

  test("an async function that takes too long is 408; what it does later changes nothing", async () => {
    let wasLate: unknown = null;
    const fn: Fn = async ({ extensions: { response } }) => {
      await Bun.sleep(250);
      try {
        response.send("late");
      } catch (error) {
        wasLate = error;
      }
    };
    expect(await call(fn)).toEqual(tooLate);
    await Bun.sleep(100);
    expect(wasLate).toMatchObject({ code: "ERR_HTTP_HEADERS_SENT" });
  });

  test("an endless loop is 408, and the next call is served", async () => {
    const opened = open(({ data }) => {
      for (;;) if (data === "stop") return "stopped";
    });
    expect(await callFunction(opened)).toEqual(tooLate);
    expect((await callFunction(opened, { body: "stop" })).body).toBe("stopped");
  });

  test("a loop costs no other call, not even one that waits for a file meanwhile", async () => {
    const opened = open(async ({ data }) => {
      if (data === "loop") for (;;);
      await Bun.sleep(20);
      return (await readFile(import.meta.path)).byteLength > 0;
    });
    const [waiting, looping] = await Promise.all([callFunction(opened), callFunction(opened, { body: "loop" })]);
    expect([waiting.body, looping]).toEqual(["true", tooLate]);
  });

  test("that nobody waits any more is shown at request and response, and what it gives then is its result", async () => {
    const leaving = new AbortController();
    const heard: string[] = [];
    const opened = open(async ({ extensions: { request, response } }) => {
      request.on("aborted", () => heard.push("aborted")).on("close", () => heard.push("request closed"));
      response.on("close", () => heard.push("response closed"));
      await Bun.sleep(60);
      return "cleaned up";
    });
    setTimeout(() => leaving.abort(), 20);
    expect(await callFunction(opened, {}, leaving.signal)).toMatchObject({ status: 200, body: "cleaned up" });
    expect([...new Set(heard)].toSorted()).toEqual(["aborted", "request closed", "response closed"]);
  });
});

describe("a streamed response", () => {
  test("begins with the first write and ends with the function's own end", async () => {
    const outcome = await call(async ({ extensions: { response } }) => {
      response.type("txt");
      for (const part of ["a", "b", "c"]) {
        response.write(part);
        await Bun.sleep(1);
      }
      response.end("d");
    });
    expect(outcome).toEqual({ status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: "abcd" });
  });

  test("takes what is piped into it, larger than any buffer", async () => {
    const outcome = await call(
      ({ extensions: { request, response } }) =>
        new Promise((resolve) => {
          const upper = new Transform({
            transform: (chunk: Buffer, _, done) => done(null, chunk.toString().toUpperCase()),
          });
          response.on("finish", resolve);
          request.pipe(upper).pipe(response);
        }),
      { body: "x".repeat(1_000_000) },
      { REQ_MB_LIMIT: "2" },
    );
    expect(outcome.body).toBe("X".repeat(1_000_000));
  });

  test("that stands still for the time of a call is cut off", async () => {
    const fn: Fn = async ({ extensions: { response } }) => {
      response.write("a");
      await Bun.sleep(2000);
    };
    expect(await messageOf(call(fn))).toBe("the response stood still for 0.2 s");
  });

  test("that moves goes on beyond the time of a call", async () => {
    const outcome = await call(async ({ extensions: { response } }) => {
      for (let count = 0; count < 8; count++) {
        response.write(String(count));
        await Bun.sleep(40);
      }
      response.end();
    });
    expect(outcome.body).toBe("01234567");
  });

  test("is cut off when the function fails", async () => {
    const fn: Fn = async ({ extensions: { response } }) => {
      response.write("a");
      await Bun.sleep(1);
      throw new Error("broken");
    };
    expect(await messageOf(call(fn))).toBe("the response was destroyed before its end");
  });
});

describe("in front of the function", () => {
  const surface = open(() => undefined).surface;
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await surface?.answer(new Request(`http://a${path}`, init));
    if (response === null || response === undefined) return null;
    const { status, headers } = response;
    return { status, headers: Object.fromEntries(headers), body: await response.text() };
  };

  test("GET /healthz is OK, any other method and path is the function's", async () => {
    expect(await ask("/healthz?x=1")).toEqual({ status: 200, headers: html, body: "OK" });
    expect(await ask("/healthz", { method: "POST" })).toBeNull();
    expect(await ask("/metrics", { method: "POST" })).toBeNull();
    expect(await ask("/")).toBeNull();
  });

  test("OPTIONS allows what it is asked for, and names nothing when it is not", async () => {
    const headers = { "access-control-request-method": "PUT", "access-control-request-headers": "x-a, x-b" };
    expect(await ask("/any", { method: "OPTIONS", headers })).toEqual({
      status: 200,
      headers: { "access-control-allow-methods": "PUT", "access-control-allow-headers": "x-a, x-b" },
      body: "",
    });
    expect(await ask("/any", { method: "OPTIONS" })).toEqual({ status: 200, headers: {}, body: "" });
  });

  test("every response allows every origin, and bodies have 1 MiB unless REQ_MB_LIMIT says otherwise", () => {
    expect(surface?.headers).toEqual([["access-control-allow-origin", "*"]]);
    const limits = ["0.5", "8", "none", "-1"].map(
      (each) => open(() => 1, { REQ_MB_LIMIT: each }).surface?.maxBodyBytes,
    );
    expect([surface?.maxBodyBytes, ...limits]).toEqual([1_048_576, 524_288, 8_388_608, 1_048_576, 1_048_576]);
    expect(surface?.bodyTooLarge().status).toBe(413);
  });

  test("GET /metrics has the calls, failures and durations by module and method", async () => {
    const opened = open(({ data }) => {
      if (data === "fail") throw new Error("no");
    });
    await callFunction(opened);
    await callFunction(opened, { body: "fail" });
    await callFunction(opened, { method: "WHATEVER" });
    const page = await opened.surface?.answer(new Request("http://a/metrics"));
    expect(page?.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = ((await page?.text()) ?? "").split("\n").filter((line) => !/_sum|_bucket\{.*le="[\d.]+"/.test(line));
    expect(lines).toEqual([
      "# HELP function_calls_total Number of calls to user function",
      "# TYPE function_calls_total counter",
      'function_calls_total{method="hello-GET"} 1',
      'function_calls_total{method="hello-POST"} 1',
      'function_calls_total{method="hello-OTHER"} 1',
      "",
      "# HELP function_failures_total Number of exceptions in user function",
      "# TYPE function_failures_total counter",
      'function_failures_total{method="hello-GET"} 0',
      'function_failures_total{method="hello-POST"} 1',
      'function_failures_total{method="hello-OTHER"} 0',
      "",
      "# HELP function_duration_seconds Duration of user function in seconds",
      "# TYPE function_duration_seconds histogram",
      'function_duration_seconds_bucket{method="hello-GET",le="+Inf"} 1',
      'function_duration_seconds_count{method="hello-GET"} 1',
      'function_duration_seconds_bucket{method="hello-POST",le="+Inf"} 1',
      'function_duration_seconds_count{method="hello-POST"} 1',
      'function_duration_seconds_bucket{method="hello-OTHER",le="+Inf"} 1',
      'function_duration_seconds_count{method="hello-OTHER"} 1',
      "",
    ]);
  });
});

test("each request leaves a line in the log; an event that is no request leaves none", async () => {
  const host = makeHost();
  const opened = open(() => "x", {}, host);
  const log = new MemoryLog();
  const { signal } = new AbortController();
  await opened.invoke(makeEvent({ path: "/a", headers: { "user-agent": "curl" } }), { log, signal });
  await opened.invoke(makeEvent({ method: "", path: "" }), { log, signal });
  expect(host.log.lines).toEqual([
    ["info", "GET /a 200", expect.objectContaining({ method: "GET", path: "/a", status: 200, agent: "curl" })],
  ]);
});
