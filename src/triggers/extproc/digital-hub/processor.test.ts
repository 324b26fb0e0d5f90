import { describe, expect, test } from "bun:test";
import type { NuclioEvent, NuclioHandler } from "../../../function/contract.ts";
import { MemoryLog } from "../../../function/memory-log.test-support.ts";
import { ExchangeError } from "../../../function/errors.ts";
import { openNuclioFunction } from "../../../function/nuclio/open.ts";
import { type MemoryExchangeInit, runExchange } from "./memory-exchange.test-support.ts";
import { createProcessor, type ProcessorOptions } from "./processor.ts";

type Type = "preprocessor" | "postprocessor" | "wrapprocessor";

const plain: ProcessorOptions = { bufferStreamedBodies: true, announcedName: null, updateDurationHeader: false };

async function run(
  type: Type,
  handler: NuclioHandler,
  init: MemoryExchangeInit = {},
  options: Partial<ProcessorOptions> = {},
) {
  const opened = await openNuclioFunction(
    { contract: "nuclio", origin: { file: "/fn.ts", exportName: "handler" }, handler, initContext: null },
    { log: new MemoryLog(), workerId: "0", trigger: { kind: "extproc", name: "gate" } },
  );
  return runExchange(createProcessor(type, opened, { ...plain, ...options }), init);
}

/** Runs and returns the events the handler saw. */
async function eventsOf(
  type: Type,
  init: MemoryExchangeInit,
  options: Partial<ProcessorOptions> = {},
): Promise<NuclioEvent[]> {
  const events: NuclioEvent[] = [];
  const outcome = await run(type, (_, event) => void events.push(event), init, options);
  if (outcome.error !== undefined) throw outcome.error;
  return events;
}

const phases = (events: readonly NuclioEvent[]) => events.map(({ headers }) => headers["processing-phase"]);
const untouched = { headers: null };
const withBodies: MemoryExchangeInit = { request: { body: "ask" }, response: { body: "reply" } };

describe("when the handler is called", () => {
  test.each<[Type, string, MemoryExchangeInit, string[]]>([
    ["preprocessor", "no body", {}, ["1"]],
    ["preprocessor", "a body", withBodies, ["2"]],
    ["preprocessor", "a body that does not come", { request: { delivery: "none" } }, ["1"]],
    ["preprocessor", "no request", { request: null }, []],
    ["postprocessor", "no body", {}, ["4"]],
    ["postprocessor", "a body", withBodies, ["5"]],
    ["postprocessor", "no request", { request: null, response: { body: "reply" } }, ["5"]],
    ["wrapprocessor", "no body", {}, ["1", "4"]],
    ["wrapprocessor", "a body", withBodies, ["2", "5"]],
    ["wrapprocessor", "a body in the response only", { response: { body: "reply" } }, ["1", "5"]],
    ["wrapprocessor", "no request", { request: null }, ["4"]],
    ["wrapprocessor", "an empty body", { request: { body: "" }, response: { body: "" } }, ["2", "5"]],
  ])("%s with %s", async (type, _, init, expected) => {
    expect(phases(await eventsOf(type, init))).toEqual(expected);
  });

  test("a chunked body without content-length is one call, after the whole body", async () => {
    const events = await eventsOf("preprocessor", {
      request: { body: "all of it", headers: ["transfer-encoding", "chunked"] },
    });
    expect(events.map(({ body, headers }) => [headers["processing-phase"], body.toString()])).toEqual([
      ["2", "all of it"],
    ]);
  });

  test("bodies in pieces are collected, unless bufferStreamedBodies is false", async () => {
    const init: MemoryExchangeInit = {
      request: { body: "ask", delivery: "streamed" },
      response: { body: "reply", delivery: "streamed" },
    };
    expect(phases(await eventsOf("wrapprocessor", init))).toEqual(["2", "5"]);
    expect(phases(await eventsOf("wrapprocessor", init, { bufferStreamedBodies: false }))).toEqual(["1", "4"]);
  });

  test("the response is not waited for by a preprocessor", async () => {
    expect(await run("preprocessor", () => "x")).not.toHaveProperty("response");
  });
});

describe("the event", () => {
  test("carries the request line, query, headers and body of the request", async () => {
    const [event] = await eventsOf("preprocessor", {
      request: {
        method: "POST",
        path: "/a%20b?x=1&y=a+b&x=2&q=a?b",
        headers: [":path", "/a", "content-type", "application/json", "x-a", "1", "X-b".toLowerCase(), "2"],
        body: '{"n":1}',
      },
    });
    expect(event).toMatchObject({
      method: "POST",
      path: "/a%20b",
      url: "/a%20b?x=1&y=a+b&x=2&q=a?b",
      fields: { x: "1,2", y: "a b", q: "a?b" },
      content_type: "application/json",
      headers: { "content-type": "application/json", "x-a": "1", "x-b": "2", "processing-phase": "2" },
      body: Buffer.from('{"n":1}'),
      size: 7,
      trigger: { kind: "extproc", name: "gate" },
    });
  });

  test("carries the response's headers and the request's line on a response", async () => {
    const [event] = await eventsOf("postprocessor", {
      request: { method: "PUT", path: "/p?q=1", headers: ["x-request", "1"] },
      response: { headers: ["x-response", "1"], body: "r" },
    });
    expect(event).toMatchObject({ method: "PUT", path: "/p", fields: { q: "1" }, body: Buffer.from("r") });
    expect(event?.headers).toEqual({ "x-response": "1", "processing-phase": "5" });
  });

  test("keeps every value of a repeated header", async () => {
    const headers = ["set-cookie", "a=1", "set-cookie", "b=2", "cookie", "c=1", "cookie", "d=2"];
    const [event] = await eventsOf("postprocessor", { response: { headers } });
    expect(event?.headers).toMatchObject({ "set-cookie": "a=1, b=2", cookie: "c=1; d=2" });
  });

  test("has its own id in every phase, and the same time", async () => {
    const [request, response] = await eventsOf("wrapprocessor", withBodies);
    expect(request?.id).not.toBe(response?.id ?? "");
    expect(request?.timestamp).toEqual(response?.timestamp ?? new Date(0));
  });

  test("does not let a client speak to the processor", async () => {
    const headers = ["x-processing-status", "200", "processing-phase", "5", "__proto__", "x"];
    const [event] = await eventsOf("preprocessor", { request: { headers } });
    expect(Object.entries(event?.headers ?? {})).toEqual([
      ["processing-phase", "1"],
      ["__proto__", "x"],
    ]);
  });
});

describe("a message that goes on", () => {
  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["an empty text", ""],
    ["status 200 and nothing", [200, null]],
  ])("is unchanged after %s", async (_, result) => {
    const outcome = await run("wrapprocessor", () => result, withBodies);
    expect(outcome).toEqual({ request: untouched, response: untouched, log: [] });
  });

  test("gets the returned body, of whatever length", async () => {
    const outcome = await run("wrapprocessor", (_, event) => `<${event.body.toString()}>`, withBodies);
    expect(outcome).toEqual({
      request: { headers: null, body: "<ask>" },
      response: { headers: null, body: "<reply>" },
      log: [],
    });
  });

  test("is emptied by [200, empty text]", async () => {
    expect((await run("preprocessor", () => [200, ""], withBodies)).request).toEqual({ headers: null, body: "" });
    const unseen = await run("preprocessor", () => [200, ""], { request: { delivery: "none" } });
    expect(unseen.request).toEqual({ headers: null, body: "" });
    expect((await run("preprocessor", () => [200, ""])).request).toEqual(untouched);
  });

  test("gets the returned headers and content type", async () => {
    const handler: NuclioHandler = (context) =>
      new context.Response("b", { "X-New": "1", "Set-Cookie": ["a=1", "b=2"] }, "text/new", 200);
    const init = { request: { body: "a", headers: ["content-type", "text/old", "x-kept", "1"] } };
    expect((await run("preprocessor", handler, init)).request).toEqual({
      body: "b",
      headers: {
        removed: [],
        set: [
          { name: "x-new", value: "1", append: false },
          { name: "set-cookie", value: "a=1", append: false },
          { name: "set-cookie", value: "b=2", append: true },
          { name: "content-type", value: "text/new", append: false },
        ],
      },
    });
  });

  test("gets several values of a header it has with one", async () => {
    const handler: NuclioHandler = (context) => new context.Response("", { "x-a": ["1", "2"] });
    expect((await run("preprocessor", handler, { request: { headers: ["x-a", "1"] } })).request).toEqual({
      headers: { removed: [], set: [{ name: "x-a", value: "2", append: true }] },
    });
  });

  test("becomes JSON with an object", async () => {
    const init = { request: { body: "a", headers: ["content-type", "text/old"] } };
    expect((await run("preprocessor", () => ({ n: 1 }), init)).request).toEqual({
      body: '{"n":1}',
      headers: { removed: [], set: [{ name: "content-type", value: "application/json", append: false }] },
    });
  });

  test("keeps its content type with a text, and with a Response that brings no body", async () => {
    const init = { request: { body: "a", headers: ["content-type", "text/old"] } };
    expect((await run("preprocessor", () => "b", init)).request).toEqual({ headers: null, body: "b" });
    const handler: NuclioHandler = (context) => new context.Response("", {}, "text/plain", 200);
    expect((await run("preprocessor", handler, init)).request).toEqual(untouched);
  });

  test("is unchanged when the handler gives back what it got", async () => {
    const headers = [
      "host",
      "h",
      "cookie",
      "a=1",
      "cookie",
      "b=2",
      "content-length",
      "3",
      "accept",
      "x",
      "accept",
      "y",
    ];
    const echo: NuclioHandler = (context, event) => new context.Response(event.body, event.headers);
    expect((await run("preprocessor", echo, { request: { body: "ask", headers } })).request).toEqual(untouched);
  });

  test("does not get the fields that speak to the processor or frame the message", async () => {
    const handler: NuclioHandler = (context) =>
      new context.Response("b", {
        "Processing-Phase": "9",
        "Content-Length": "999",
        "Transfer-Encoding": "chunked",
        Connection: "close",
        "Keep-Alive": "1",
        "x-a": "1",
      });
    expect((await run("preprocessor", handler, { request: { body: "a" } })).request).toEqual({
      body: "b",
      headers: { removed: [], set: [{ name: "x-a", value: "1", append: false }] },
    });
  });

  test("is not reached by what a handler does to its event", async () => {
    const handler: NuclioHandler = (_, event) => void event.body.fill(0);
    expect((await run("preprocessor", handler, withBodies)).request).toEqual(untouched);
  });
});

describe("an answer in the request phase", () => {
  const answering = (status: number | string): NuclioHandler => {
    return (context) => new context.Response("mine", { "x-processing-STATUS": status, "X-A": ["1", "2"] }, "text/mine");
  };
  const expected = (status: number) => ({
    request: untouched,
    answer: {
      status,
      headers: [
        ["content-type", "text/mine"],
        ["x-a", "1, 2"],
      ],
      body: "mine",
    },
    log: [],
  });

  test.each<[Type, number | string, number]>([
    ["preprocessor", 200, 200],
    ["preprocessor", "200", 200],
    ["preprocessor", 403, 403],
    ["wrapprocessor", "503", 503],
    ["wrapprocessor", " 404 ", 404],
  ])("%s: X-Processing-Status %p goes to the client with headers and content type", async (type, value, status) => {
    expect(await run(type, answering(value), withBodies)).toEqual(expected(status));
  });

  test("comes of a status other than 200", async () => {
    const handler: NuclioHandler = (context) => new context.Response({ error: "no" }, null, undefined, 401);
    expect(await run("wrapprocessor", handler)).toEqual({
      request: untouched,
      answer: { status: 401, headers: [["content-type", "application/json"]], body: '{"error":"no"}' },
      log: [],
    });
    expect((await run("preprocessor", () => [418, "teapot"])).answer).toEqual({
      status: 418,
      headers: [["content-type", "text/plain"]],
      body: "teapot",
    });
  });

  test("has the status that was asked for last", async () => {
    const handler: NuclioHandler = (context) => new context.Response("x", { "X-Processing-Status": [200, 404] });
    expect((await run("preprocessor", handler)).answer?.status).toBe(404);
  });

  test("has an empty body when none is given or none is allowed", async () => {
    expect((await run("preprocessor", () => [403, ""])).answer).toEqual({ status: 403, headers: [], body: "" });
    expect((await run("preprocessor", () => [403, null])).answer).toEqual({ status: 403, headers: [], body: "" });
    expect((await run("preprocessor", () => [204, "x"])).answer).toEqual({ status: 204, headers: [], body: "" });
  });

  test("with every cookie", async () => {
    const handler: NuclioHandler = (context) => new context.Response("", { "set-cookie": ["a=1", "b=2"] }, "x/y", 302);
    expect((await run("preprocessor", handler)).answer?.headers).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
  });

  test("with an informational status is 200, and said so", async () => {
    const outcome = await run("preprocessor", (context) => new context.Response("x", { "X-Processing-Status": "103" }));
    expect([outcome.answer?.status, outcome.log]).toEqual([
      200,
      [["warn", "an informational status cannot end an exchange: the client gets 200", { status: 103 }]],
    ]);
  });

  test("of a wrapprocessor's request phase is final: the response phase is not run", async () => {
    let calls = 0;
    await run("wrapprocessor", () => (calls++, [403, "no"]), withBodies);
    expect(calls).toBe(1);
  });
});

describe("a status in the response phase", () => {
  const inResponse = (result: NuclioHandler): NuclioHandler => {
    return (context, event) => (Number(event.headers["processing-phase"]) > 3 ? result(context, event) : undefined);
  };

  test.each<Type>(["postprocessor", "wrapprocessor"])(
    "of a %s becomes the client's, with body and headers",
    async (type) => {
      const handler = inResponse((context) => new context.Response("mine", { "x-a": "1" }, "text/mine", 404));
      const init = { response: { status: 200, body: "theirs", headers: ["content-type", "text/theirs"] } };
      expect((await run(type, handler, init)).response).toEqual({
        status: 404,
        body: "mine",
        headers: {
          removed: [],
          set: [
            { name: "x-a", value: "1", append: false },
            { name: "content-type", value: "text/mine", append: false },
          ],
        },
      });
    },
  );

  test("by X-Processing-Status may be 200, by itself a 200 leaves the upstream's", async () => {
    const init = { response: { status: 500, body: "theirs" } };
    const asked: NuclioHandler = (context) => new context.Response("mine", { "X-Processing-Status": 200 });
    expect((await run("postprocessor", asked, init)).response).toMatchObject({ status: 200, body: "mine" });
    const plain200: NuclioHandler = (context) => new context.Response("mine", {}, "text/plain", 200);
    expect((await run("postprocessor", plain200, init)).response).not.toHaveProperty("status");
  });

  test.each<[string, MemoryExchangeInit]>([
    ["that was read", { response: { body: "secret" } }],
    ["that did not come", { response: { delivery: "none" } }],
  ])("without a body takes away the upstream's body %s", async (_, init) => {
    const handler: NuclioHandler = (context) => new context.Response("", {}, "text/plain", 403);
    expect((await run("postprocessor", handler, init)).response).toEqual({ headers: null, status: 403, body: "" });
  });

  test("does not leave as a header", async () => {
    const handler: NuclioHandler = (context) => new context.Response(null, { "X-Processing-Status": "404" });
    expect((await run("postprocessor", handler)).response).toEqual({ headers: null, status: 404 });
  });
});

describe("failures let the original pass", () => {
  const boom = new Error("boom");
  test.each<[string, NuclioHandler, unknown]>([
    ["a throw", () => Promise.reject(boom), boom],
    ["an Error as result", () => boom, boom],
    [
      "a status that is none",
      (context) => new context.Response("x", { "X-Processing-Status": "abc" }),
      new Error(`the handler's X-Processing-Status "abc" is not between 100 and 599`),
    ],
    ["a result without JSON", () => () => {}, new Error("the handler gave a function, which has no JSON form")],
  ])("%s", async (_, handler, error) => {
    expect(await run("preprocessor", handler, withBodies)).toEqual({ request: untouched, error, log: [] });
    const wrapped = await run(
      "wrapprocessor",
      (context, event) => (event.body.toString() === "ask" ? "changed" : handler(context, event)),
      withBodies,
    );
    expect(wrapped).toEqual({ request: { headers: null, body: "changed" }, response: untouched, error, log: [] });
  });

  test("a body that cannot be read", async () => {
    const tooLarge = new ExchangeError("BODY_TOO_LARGE", "too large");
    let calls = 0;
    const outcome = await run("preprocessor", () => calls++, { request: { body: tooLarge } });
    expect([outcome.error, outcome.request, calls]).toEqual([tooLarge, untouched, 0]);
  });

  test("an exchange without response", async () => {
    const outcome = await run("wrapprocessor", () => "x", { response: null });
    expect(outcome.error).toMatchObject({ code: "NO_RESPONSE" });
  });
});

describe("headers of the processor's own", () => {
  const annotating = { announcedName: "my-fn", updateDurationHeader: true };
  const names = { name: "x-extproc-names", value: "my-fn", append: false };
  const duration = { name: "x-extproc-duration-ns", value: expect.stringMatching(/^\d+$/) as string, append: false };

  test.each<Type>(["preprocessor", "postprocessor", "wrapprocessor"])(
    "are added to the response of a %s",
    async (type) => {
      const outcome = await run(type, () => undefined, withBodies, annotating);
      expect(outcome.response?.headers).toEqual({ removed: [], set: [names, duration] });
    },
  );

  test("are appended to those of other processors", async () => {
    const init = { response: { headers: ["x-extproc-names", "other"] } };
    const outcome = await run("postprocessor", () => undefined, init, { announcedName: "my-fn" });
    expect(outcome.response?.headers).toEqual({ removed: [], set: [{ ...names, append: true }] });
  });

  test("come before a body in pieces, which sends the headers", async () => {
    const init: MemoryExchangeInit = { response: { body: "reply", delivery: "streamed" } };
    const outcome = await run("postprocessor", () => "new", init, annotating);
    expect(outcome.response).toEqual({ body: "new", headers: { removed: [], set: [names, duration] } });
  });
});
