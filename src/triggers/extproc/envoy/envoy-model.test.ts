/** The protocol from Envoy's side, rule by rule. */
import { describe, expect, test } from "bun:test";
import { BodyMode } from "../body-mode.ts";
import type { AnswerMember, CommonResponse, EnvoyConfig, EnvoyMessage, HttpOutput, Lines, Which } from "./contract.ts";
import { defaultEnvoyConfig } from "./default-config.ts";
import { EnvoyModel } from "./envoy-model.ts";

const get: Lines = [
  [":method", "GET"],
  [":path", "/"],
];
const post: Lines = [
  [":method", "POST"],
  ["content-length", "6"],
];
const ok: Lines = [[":status", "200"]];

function envoyWith(config: Partial<EnvoyConfig>): EnvoyModel {
  return new EnvoyModel({ ...defaultEnvoyConfig, ...config });
}

function answer(envoy: EnvoyModel, member: AnswerMember | null, more: object = {}): void {
  envoy.receive({ member, modeOverride: null, dynamicMetadata: null, overrideMessageTimeoutMs: null, ...more });
}

const nothing: CommonResponse = { replace: false, mutation: null, body: null, clearRouteCache: false };
const headers = (which: Which, common: Partial<CommonResponse> = {}): AnswerMember => ({
  kind: "headers",
  which,
  common: { ...nothing, ...common },
});
const body = (which: Which, common: Partial<CommonResponse> = {}): AnswerMember => ({
  kind: "body",
  which,
  common: { ...nothing, ...common },
});
const trailers = (which: Which): AnswerMember => ({ kind: "trailers", which, mutation: { removed: [], set: [] } });
const bytes = (text: string) => ({ kind: "body", bytes: Buffer.from(text) }) as const;
const streamed = (text: string, endOfStream = false) =>
  ({ kind: "streamed", bytes: Buffer.from(text), endOfStream }) as const;
const setting = (name: string, value: string) => ({
  removed: [],
  set: [{ name, value, append: false, inValueField: false }],
});

/** "headers", "body(text)", "body(text) end", "trailers", for each message sent. */
function sent(envoy: EnvoyModel): string[] {
  return envoy.takeMessages().map((message: EnvoyMessage) => {
    const content = message.phase === "body" ? `(${Buffer.from(message.body)})` : "";
    const end = message.phase !== "trailers" && message.endOfStream ? " end" : "";
    return `${message.which} ${message.phase}${content}${end}`;
  });
}

function text(output: HttpOutput): string {
  return Buffer.concat(output.chunks).toString();
}

function send(envoy: EnvoyModel, lines: Lines, ...chunks: string[]): void {
  envoy.requestHeaders(lines, chunks.length === 0);
  for (const [index, chunk] of chunks.entries()) {
    envoy.requestData(Buffer.from(chunk), index === chunks.length - 1);
  }
}

describe("headers only", () => {
  test("both directions are asked about, and Envoy closes after the last answer", () => {
    const envoy = envoyWith({});
    send(envoy, get);
    expect(sent(envoy)).toEqual(["request headers end"]);
    expect(envoy.upstream.lines).toBeNull();
    answer(envoy, headers("request", { mutation: setting("x-a", "1") }));
    expect(envoy.upstream).toEqual({
      lines: [...get, ["x-a", "1"]],
      chunks: [],
      trailers: null,
      ended: true,
      reset: false,
    });
    expect(envoy.closed).toBe(false);
    envoy.responseHeaders(ok, false);
    expect(sent(envoy)).toEqual(["response headers"]);
    answer(envoy, headers("response"));
    expect(envoy.closed).toBe(true);
    envoy.responseData(Buffer.from("hi"), true);
    expect([text(envoy.client), envoy.client.ended, envoy.sound]).toEqual(["hi", true, true]);
  });

  test("the first message of a stream announces the body modes, the first of the request carries attributes", () => {
    const envoy = envoyWith({ attributes: { "source.address": "127.0.0.1" } });
    send(envoy, get);
    answer(envoy, headers("request"));
    envoy.responseHeaders(ok, true);
    const [first, second] = envoy.takeMessages();
    expect([first?.protocolConfig, first?.attributes]).toEqual([
      { requestBody: 0, responseBody: 0, sendBodyWithoutWaitingForHeaderResponse: false },
      { "source.address": "127.0.0.1" },
    ]);
    expect([second?.protocolConfig, second?.attributes]).toEqual([undefined, undefined]);
  });

  test("the end of the stream lets everything pass unchanged", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED });
    send(envoy, post, "abcdef");
    envoy.serverEnded(0, "");
    expect([envoy.upstream.lines, text(envoy.upstream), envoy.upstream.ended]).toEqual([post, "abcdef", true]);
    envoy.responseHeaders(ok, true);
    expect([envoy.client.lines, envoy.closed, envoy.sound]).toEqual([ok, true, true]);
  });

  test("an error of the server is 500 to the client, or let through under failure_mode_allow", () => {
    const strict = envoyWith({});
    send(strict, get);
    strict.serverEnded(13, "it broke");
    expect([strict.client.lines, strict.details, strict.sound]).toEqual([
      [[":status", "500"]],
      "ext_proc_error_gRPC_error_13{it_broke}",
      false,
    ]);
    const open = envoyWith({ failureModeAllow: true });
    send(open, get);
    open.serverEnded(13, "it broke");
    expect([open.upstream.lines, open.client.lines, open.sound]).toEqual([get, null, false]);
  });

  test("no answer in time is 504", () => {
    const envoy = envoyWith({});
    send(envoy, get);
    expect(envoy.due).toEqual([{ which: "request", phase: "headers" }]);
    envoy.timeout();
    expect(envoy.client.lines).toEqual([[":status", "504"]]);
  });
});

describe("spurious answers", () => {
  test.each([
    ["the response before it came", headers("response")],
    ["a body nobody sent", body("request")],
    ["trailers nobody sent", trailers("request")],
    ["nothing", null],
  ])("an answer to %s ends the exchange", (_what, member) => {
    const envoy = envoyWith({});
    send(envoy, get);
    answer(envoy, member);
    expect(envoy.issues.map(({ kind }) => kind)).toEqual(["spurious"]);
    expect([envoy.client.lines, envoy.upstream.lines, envoy.closed]).toEqual([[[":status", "500"]], null, true]);
  });

  test("the second answer to the same headers is spurious, one after the end is late", () => {
    const envoy = envoyWith({});
    send(envoy, get);
    answer(envoy, headers("request"));
    answer(envoy, headers("request"));
    answer(envoy, headers("request"));
    expect(envoy.issues.map(({ kind }) => kind)).toEqual(["spurious", "late"]);
  });
});

describe("BUFFERED", () => {
  test("one body message; changes in its answer still apply to the headers", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED });
    send(envoy, post, "abc", "def");
    expect(sent(envoy)).toEqual(["request headers"]);
    answer(envoy, headers("request"));
    expect(sent(envoy)).toEqual(["request body(abcdef) end"]);
    answer(envoy, body("request", { mutation: setting("content-length", "2"), body: bytes("hi") }));
    expect([envoy.upstream.lines, text(envoy.upstream), envoy.upstream.ended]).toEqual([
      [
        [":method", "POST"],
        ["content-length", "2"],
      ],
      "hi",
      true,
    ]);
  });

  test("a new body that does not fit content-length is an error", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED });
    send(envoy, post, "abcdef");
    answer(envoy, headers("request"));
    answer(envoy, body("request", { body: bytes("hi") }));
    expect(envoy.issues).toEqual([
      { kind: "processing-error", text: "content-length is 6, the new request body has 2 bytes" },
    ]);
  });

  test("a body ended by trailers comes without end of stream, then the trailers", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED, requestTrailers: "SEND" });
    envoy.requestHeaders(post, false);
    envoy.requestData(Buffer.from("abc"), false);
    envoy.requestTrailers([["x-t", "1"]]);
    answer(envoy, headers("request"));
    expect(sent(envoy)).toEqual(["request headers", "request body(abc)"]);
    answer(envoy, body("request"));
    expect(sent(envoy)).toEqual(["request trailers"]);
    answer(envoy, trailers("request"));
    expect([text(envoy.upstream), envoy.upstream.trailers]).toEqual(["abc", [["x-t", "1"]]]);
  });

  test("more than Envoy buffers is 413", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED, bufferLimitBytes: 4 });
    envoy.requestHeaders(post, false);
    answer(envoy, headers("request"));
    envoy.requestData(Buffer.from("abcdef"), false);
    expect(envoy.client.lines).toEqual([[":status", "413"]]);
  });

  test("BUFFERED_PARTIAL: what is over the limit bypasses the server", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED_PARTIAL, bufferLimitBytes: 4 });
    envoy.requestHeaders(post, false);
    answer(envoy, headers("request"));
    envoy.requestData(Buffer.from("abcd"), false);
    envoy.requestData(Buffer.from("ef"), true);
    expect(sent(envoy)).toEqual(["request headers", "request body(abcd)"]);
    answer(envoy, body("request", { body: bytes("X") }));
    expect([text(envoy.upstream), envoy.upstream.ended]).toEqual(["Xef", true]);
  });
});

describe("STREAMED", () => {
  test("chunks go out after the header answer and are answered one by one", () => {
    const envoy = envoyWith({ requestBody: BodyMode.STREAMED });
    envoy.requestHeaders(post, false);
    envoy.requestData(Buffer.from("a"), false);
    expect(sent(envoy)).toEqual(["request headers"]);
    answer(envoy, headers("request"));
    envoy.requestData(Buffer.from("b"), false);
    envoy.requestData(Buffer.from("c"), true);
    expect(sent(envoy)).toEqual(["request body(a)", "request body(b)", "request body(c) end"]);
    answer(envoy, body("request"));
    answer(envoy, body("request", { body: { kind: "clear" } }));
    answer(envoy, body("request", { body: bytes("BC") }));
    expect([envoy.upstream.lines, text(envoy.upstream), envoy.upstream.ended]).toEqual([
      [[":method", "POST"]],
      "aBC",
      true,
    ]);
  });

  test("a body that was whole before the header answer comes as one message, whose header changes apply", () => {
    const envoy = envoyWith({ requestBody: BodyMode.STREAMED });
    send(envoy, post, "abc", "def");
    answer(envoy, headers("request"));
    expect(sent(envoy)).toEqual(["request headers", "request body(abcdef) end"]);
    answer(envoy, body("request", { mutation: setting("x-a", "1"), body: bytes("hi") }));
    expect(envoy.upstream.lines).toEqual([
      [":method", "POST"],
      ["x-a", "1"],
    ]);
  });

  test("the end of the stream gives back what was not answered", () => {
    const envoy = envoyWith({ requestBody: BodyMode.STREAMED });
    envoy.requestHeaders(post, false);
    answer(envoy, headers("request"));
    for (const piece of "abc") envoy.requestData(Buffer.from(piece), false);
    answer(envoy, body("request", { body: bytes("A") }));
    envoy.serverEnded(0, "");
    envoy.requestData(Buffer.from("d"), true);
    expect([text(envoy.upstream), envoy.upstream.ended, envoy.sound]).toEqual(["Abcd", true, true]);
  });

  test("without waiting, chunks go out at once but are answered after the headers", () => {
    const config = { requestBody: BodyMode.STREAMED, sendBodyWithoutWaitingForHeaderResponse: true };
    const envoy = envoyWith(config);
    send(envoy, post, "a", "b");
    expect(sent(envoy)).toEqual(["request headers", "request body(a)", "request body(b) end"]);
    answer(envoy, headers("request"));
    answer(envoy, body("request"));
    answer(envoy, body("request"));
    expect([text(envoy.upstream), envoy.upstream.ended, envoy.sound]).toEqual(["ab", true, true]);
    const early = envoyWith(config);
    send(early, post, "a", "b");
    answer(early, body("request"));
    expect(early.issues.map(({ kind }) => kind)).toEqual(["spurious"]);
  });

  test("streamed_response is spurious", () => {
    const envoy = envoyWith({ requestBody: BodyMode.STREAMED });
    envoy.requestHeaders(post, false);
    answer(envoy, headers("request"));
    envoy.requestData(Buffer.from("a"), false);
    answer(envoy, body("request", { body: streamed("a") }));
    expect(envoy.issues.map(({ kind }) => kind)).toEqual(["spurious"]);
  });
});

describe("FULL_DUPLEX_STREAMED", () => {
  const duplex = { requestBody: BodyMode.FULL_DUPLEX_STREAMED, requestTrailers: "SEND" } as const;

  test("everything goes out at once; any number of answers makes the new body", () => {
    const envoy = envoyWith(duplex);
    send(envoy, post, "abc", "def");
    expect(sent(envoy)).toEqual(["request headers", "request body(abc)", "request body(def) end"]);
    answer(envoy, headers("request"));
    for (const piece of ["A", "B", "C"]) answer(envoy, body("request", { body: streamed(piece) }));
    expect(envoy.upstream.ended).toBe(false);
    answer(envoy, body("request", { body: streamed("", true) }));
    expect([text(envoy.upstream), envoy.upstream.ended, envoy.sound]).toEqual(["ABC", true, true]);
  });

  test("a body ended by trailers is ended by their answer", () => {
    const envoy = envoyWith(duplex);
    envoy.requestHeaders(post, false);
    envoy.requestData(Buffer.from("abc"), false);
    envoy.requestTrailers([["x-t", "1"]]);
    answer(envoy, headers("request"));
    answer(envoy, body("request", { body: streamed("abc") }));
    answer(envoy, trailers("request"));
    expect([text(envoy.upstream), envoy.upstream.trailers, envoy.sound]).toEqual(["abc", [["x-t", "1"]], true]);
  });

  test.each([
    ["an answer without streamed_response", [headers("request"), body("request", { body: bytes("x") })]],
    ["a body before the headers", [body("request", { body: streamed("x") })]],
    [
      "a body after its end",
      [headers("request"), body("request", { body: streamed("", true) }), body("request", { body: streamed("x") })],
    ],
  ])("%s is spurious", (_what, answers) => {
    const envoy = envoyWith(duplex);
    send(envoy, post, "abc");
    for (const member of answers) answer(envoy, member);
    expect(envoy.issues.map(({ kind }) => kind)).toEqual(["spurious"]);
  });

  test("ending the stream inside the body loses it, and failure_mode_allow does not help", () => {
    const envoy = envoyWith({ ...duplex, failureModeAllow: true });
    send(envoy, post, "abc");
    answer(envoy, headers("request"));
    envoy.serverEnded(0, "");
    expect([envoy.issues.map(({ kind }) => kind), text(envoy.upstream)]).toEqual([["lost-body"], ""]);
    const failing = envoyWith({ ...duplex, failureModeAllow: true });
    send(failing, post, "abc");
    failing.serverEnded(13, "");
    expect(failing.client.lines).toEqual([[":status", "500"]]);
  });
});

describe("CONTINUE_AND_REPLACE", () => {
  test("with a body: it replaces the original, whose rest is dropped, and nothing more is sent", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED });
    send(envoy, post, "abcdef");
    answer(envoy, headers("request", { replace: true, body: bytes("new"), mutation: setting(":method", "PUT") }));
    expect(sent(envoy)).toEqual(["request headers"]);
    expect([envoy.upstream.lines, text(envoy.upstream), envoy.upstream.ended]).toEqual([
      [[":method", "PUT"]],
      "new",
      true,
    ]);
  });

  test("with a body on a message without one adds it", () => {
    const envoy = envoyWith({});
    send(envoy, get);
    answer(envoy, headers("request", { replace: true, body: bytes("new") }));
    expect([text(envoy.upstream), envoy.upstream.ended]).toEqual(["new", true]);
  });

  test("without a body it takes the rest of the direction out of the exchange", () => {
    const envoy = envoyWith({ requestBody: BodyMode.STREAMED, requestTrailers: "SEND" });
    envoy.requestHeaders(post, false);
    answer(envoy, headers("request", { replace: true }));
    envoy.requestData(Buffer.from("abc"), false);
    envoy.requestTrailers([["x-t", "1"]]);
    expect(sent(envoy)).toEqual(["request headers"]);
    expect([text(envoy.upstream), envoy.upstream.trailers]).toEqual(["abc", [["x-t", "1"]]]);
  });
});

describe("mode_override", () => {
  const override = {
    responseHeaders: 0,
    requestBody: BodyMode.BUFFERED,
    responseBody: 0,
    requestTrailers: 0,
    responseTrailers: 0,
  };

  test("brings a body that is not sent by itself", () => {
    const envoy = envoyWith({ allowModeOverride: true });
    send(envoy, post, "abcdef");
    answer(envoy, headers("request"), { modeOverride: override });
    expect(sent(envoy)).toEqual(["request headers", "request body(abcdef) end"]);
  });

  test("has no effect unless it is allowed", () => {
    const envoy = envoyWith({});
    send(envoy, post, "abcdef");
    answer(envoy, headers("request"), { modeOverride: override });
    expect(sent(envoy)).toEqual(["request headers"]);
    expect(envoy.issues).toEqual([{ kind: "ignored", text: "mode_override: allow_mode_override is false" }]);
    expect(envoy.sound).toBe(true);
  });
});

describe("immediate answers", () => {
  const reply = {
    status: 403,
    mutation: setting("x-why", "no"),
    body: Buffer.from("no"),
    grpcStatus: null,
    details: "gate",
  };

  test("go to the client, nothing goes upstream", () => {
    const envoy = envoyWith({});
    send(envoy, post, "abc");
    answer(envoy, { kind: "immediate", reply });
    expect([envoy.upstream.lines, envoy.client.lines, text(envoy.client), envoy.details]).toEqual([
      null,
      [
        [":status", "403"],
        ["content-length", "2"],
        ["content-type", "text/plain"],
        ["x-why", "no"],
      ],
      "no",
      "gate",
    ]);
  });

  test("a gRPC client gets a status", () => {
    const envoy = envoyWith({});
    send(envoy, [...get, ["content-type", "application/grpc"]]);
    answer(envoy, { kind: "immediate", reply });
    expect(envoy.client.lines).toContainEqual(["grpc-status", "7"]);
  });

  test("once the client has headers it can only be cut off", () => {
    const envoy = envoyWith({ responseBody: BodyMode.STREAMED });
    send(envoy, get);
    answer(envoy, headers("request"));
    envoy.responseHeaders(ok, false);
    answer(envoy, headers("response"));
    envoy.responseData(Buffer.from("abc"), false);
    answer(envoy, { kind: "immediate", reply });
    expect([envoy.client.lines, envoy.client.reset]).toEqual([ok, true]);
  });

  test("a streamed one arrives piece by piece", () => {
    const envoy = envoyWith({});
    send(envoy, get);
    answer(envoy, { kind: "streamed-immediate", part: { kind: "headers", lines: ok, endOfStream: false } });
    for (const [piece, end] of [
      ["data: 1\n\n", false],
      ["data: 2\n\n", true],
    ] as const) {
      const part = { kind: "body", bytes: Buffer.from(piece), endOfStream: end } as const;
      answer(envoy, { kind: "streamed-immediate", part });
    }
    expect([text(envoy.client), envoy.client.ended, envoy.closed, envoy.sound, envoy.upstream.lines]).toEqual([
      "data: 1\n\ndata: 2\n\n",
      true,
      true,
      true,
      null,
    ]);
  });

  test("a streamed one does not go with a buffered request body", () => {
    const envoy = envoyWith({ requestBody: BodyMode.BUFFERED });
    send(envoy, get);
    answer(envoy, { kind: "streamed-immediate", part: { kind: "headers", lines: ok, endOfStream: false } });
    expect(envoy.issues.map(({ kind }) => kind)).toEqual(["spurious"]);
  });
});

describe("header changes", () => {
  test.each([
    [setting("host", "x"), "rejected"],
    [setting(":method", "PUT"), "rejected"],
    [setting("x-envoy-a", "1"), "rejected"],
    [{ removed: [":path"], set: [] }, "rejected"],
    [setting("x-a", "line\nbreak"), "processing-error"],
    [{ removed: [], set: [{ name: "x-a", value: "", append: false, inValueField: true }] }, "ignored"],
  ] as const)("%p is %s", (mutation, kind) => {
    const envoy = envoyWith({});
    send(envoy, get);
    answer(envoy, headers("request", { mutation }));
    expect(envoy.issues.map((issue) => issue.kind)).toEqual([kind]);
  });
});

describe("override_message_timeout", () => {
  test("is heeded once a message and within the limit; the answer is still due", () => {
    const envoy = envoyWith({ maxMessageTimeoutMs: 10_000 });
    send(envoy, get);
    answer(envoy, null, { overrideMessageTimeoutMs: 3000 });
    expect([envoy.timeoutOverrideMs, envoy.issues, envoy.due.length]).toEqual([3000, [], 1]);
    answer(envoy, null, { overrideMessageTimeoutMs: 3000 });
    expect(envoy.issues).toEqual([{ kind: "ignored", text: "override_message_timeout: it was asked for before" }]);
  });
});

test("in observability mode copies are sent, nothing is waited for, answers are ignored", () => {
  const envoy = envoyWith({ observabilityMode: true, requestBody: BodyMode.STREAMED });
  send(envoy, post, "abc");
  expect(sent(envoy)).toEqual(["request headers", "request body(abc) end"]);
  expect([envoy.due, text(envoy.upstream), envoy.upstream.ended]).toEqual([[], "abc", true]);
});
