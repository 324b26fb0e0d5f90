/** The protocol from Envoy's side, rule by rule. */
import { describe, expect, test } from "bun:test";
import { defaultEnvoyConfig } from "./envoy-defaults.ts";
import { openEnvoyExchange } from "./envoy-exchange.ts";
import type {
  BodyMutation,
  CommonResponse,
  EnvoyConfig,
  EnvoyEvent,
  HeaderFields,
  HeaderMutation,
  ModeOverride,
  ProcessingMode,
  ProcessorAnswer,
  ProcessorResponse,
  Side,
} from "./envoy-model.ts";
import { Recorder } from "./record.ts";

/** One exchange whose events are kept; `mode` and `config` over Envoy's defaults. */
class Played {
  readonly exchange;
  readonly record = new Recorder(() => {});
  /** "request headers", "request body(text) end" for each message since the last look. */
  #sent: string[] = [];
  closed = false;
  routeCleared = false;

  constructor(mode: Partial<ProcessingMode> = {}, config: Partial<EnvoyConfig> = {}) {
    const processingMode = { ...defaultEnvoyConfig.processingMode, ...mode };
    this.exchange = openEnvoyExchange({ ...defaultEnvoyConfig, processingMode, ...config });
  }

  get sent(): string[] {
    return this.#sent.splice(0);
  }

  get verdicts(): string[] {
    return this.record.steps.flatMap((step) => (step.kind === "verdict" ? [step.verdict] : []));
  }

  get upstream(): string {
    return show(this.record.upstream);
  }

  get client(): string {
    return show(this.record.client);
  }

  headers(side: Side, fields: HeaderFields, endOfStream: boolean): void {
    this.#perform(this.exchange.headers(side, fields, endOfStream));
  }

  body(side: Side, text: string, endOfStream: boolean): void {
    this.#perform(this.exchange.body(side, Buffer.from(text), endOfStream));
  }

  trailers(side: Side, fields: HeaderFields): void {
    this.#perform(this.exchange.trailers(side, fields));
  }

  /** Request headers and a body in pieces; without pieces the headers end it. */
  request(fields: HeaderFields, ...pieces: string[]): void {
    this.headers("request", fields, pieces.length === 0);
    for (const [index, piece] of pieces.entries()) this.body("request", piece, index === pieces.length - 1);
  }

  answer(answer: ProcessorAnswer | null, more: Partial<ProcessorResponse> = {}): void {
    this.#perform(this.exchange.answer({ answer, modeOverride: null, overrideMessageTimeoutMs: null, ...more }));
  }

  streamEnded(code: number, message = ""): void {
    this.#perform(this.exchange.streamEnded(code, message));
  }

  timerExpired(side: Side): void {
    this.#perform(this.exchange.timerExpired(side));
  }

  #perform(events: readonly EnvoyEvent[]): void {
    for (const event of events) {
      this.record.take(event);
      if (event.kind === "close") this.closed = true;
      if (event.kind === "clearRouteCache") this.routeCleared = true;
      if (event.kind !== "send") continue;
      const { side, phase } = event.message;
      const content = phase.kind === "body" ? `(${Buffer.from(phase.bytes)})` : "";
      const end = phase.kind !== "trailers" && phase.endOfStream ? " end" : "";
      this.#sent.push(`${side} ${phase.kind}${content}${end}`);
    }
  }
}

/** ":method=POST x-a=1 | body | trailers" and how it ends: "." complete, "!" cut off, "…" not yet. */
function show({ fields, chunks, trailers, ended, reset }: Recorder["client"]): string {
  if (fields === null) return reset ? "!" : "-";
  const line = (lines: HeaderFields): string => lines.map(([name, value]) => `${name}=${value}`).join(" ");
  const parts = [line(fields)];
  if (chunks.length > 0) parts.push(Buffer.concat(chunks).toString());
  if (trailers !== null) parts.push(line(trailers));
  return parts.join(" | ") + (reset ? "!" : ended ? "." : "…");
}

const get: HeaderFields = [[":method", "GET"]];
const post: HeaderFields = [
  [":method", "POST"],
  ["content-length", "6"],
];
const ok: HeaderFields = [[":status", "200"]];

const nothing: CommonResponse = {
  status: "CONTINUE",
  headerMutation: null,
  bodyMutation: null,
  clearRouteCache: false,
};
const headers = (side: Side, common: Partial<CommonResponse> = {}): ProcessorAnswer => ({
  kind: "headers",
  side,
  common: { ...nothing, ...common },
});
const body = (side: Side, common: Partial<CommonResponse> = {}): ProcessorAnswer => ({
  kind: "body",
  side,
  common: { ...nothing, ...common },
});
const trailers = (side: Side): ProcessorAnswer => ({ kind: "trailers", side, mutation: null });
const bytes = (text: string): BodyMutation => ({ kind: "body", bytes: Buffer.from(text) });
const streamed = (text: string, endOfStream = false): BodyMutation => ({
  kind: "streamed",
  bytes: Buffer.from(text),
  endOfStream,
});
const setting = (name: string, value: string): HeaderMutation => ({
  remove: [],
  set: [{ name, value, append: false }],
});
const setCookies: HeaderMutation = {
  remove: ["x-old"],
  set: [
    { name: "set-cookie", value: "a", append: false },
    { name: "set-cookie", value: "b", append: true },
  ],
};
const immediate: ProcessorAnswer = {
  kind: "immediate",
  status: 403,
  mutation: setting("x-why", "no"),
  body: Buffer.from("no"),
  grpcStatus: null,
  details: "the gate",
};

describe("headers only", () => {
  test("both directions are asked about, and Envoy closes after the last answer", () => {
    const played = new Played();
    played.request(get);
    expect([played.sent, played.upstream]).toEqual([["request headers end"], "-"]);
    played.answer(headers("request", { headerMutation: setting("x-a", "1") }));
    expect([played.upstream, played.closed]).toEqual([":method=GET x-a=1.", false]);
    played.headers("response", ok, false);
    expect(played.sent).toEqual(["response headers"]);
    played.answer(headers("response"));
    expect(played.closed).toBe(true);
    played.body("response", "hi", true);
    expect([played.client, played.verdicts]).toEqual([":status=200 | hi.", []]);
  });

  test("headers are replaced, appended and removed", () => {
    const played = new Played();
    played.request([...get, ["x-old", "1"], ["set-cookie", "0"]]);
    played.answer(headers("request", { headerMutation: setCookies }));
    expect(played.upstream).toBe(":method=GET set-cookie=a set-cookie=b.");
  });

  test("the end of the stream lets everything pass unchanged, and no response phase follows", () => {
    const played = new Played({ requestBodyMode: "BUFFERED" });
    played.request(post, "abcdef");
    played.streamEnded(0);
    expect(played.upstream).toBe(":method=POST content-length=6 | abcdef.");
    played.headers("response", ok, true);
    expect([played.client, played.verdicts]).toEqual([":status=200.", []]);
  });

  test("an error of the processor is 500 to the client", () => {
    const played = new Played();
    played.request(get);
    played.streamEnded(13, "it broke");
    expect([played.upstream, played.client, played.verdicts]).toEqual(["-", ":status=500.", ["streamError"]]);
    expect(played.record.details).toBe("ext_proc_error_gRPC_error_13{it_broke}");
  });

  test("with failure_mode_allow the exchange goes on without the processor", () => {
    const played = new Played({}, { failureModeAllow: true });
    played.request(get);
    played.streamEnded(13, "it broke");
    expect([played.upstream, played.verdicts]).toEqual([":method=GET.", ["streamError", "failedOpen"]]);
  });

  test("no answer in time is 504", () => {
    const played = new Played();
    played.request(get);
    expect([played.exchange.timer("request"), played.exchange.outstanding("request")]).toEqual([200, 1]);
    played.timerExpired("request");
    expect([played.client, played.verdicts]).toEqual([":status=504.", ["messageTimeout"]]);
  });

  test("clear_route_cache needs a header mutation beside it", () => {
    const played = new Played();
    played.request(get);
    played.answer(headers("request", { clearRouteCache: true }));
    expect([played.routeCleared, played.verdicts]).toEqual([false, ["ignored"]]);
    const heeded = new Played();
    heeded.request(get);
    heeded.answer(headers("request", { clearRouteCache: true, headerMutation: setting("x-a", "1") }));
    expect([heeded.routeCleared, heeded.verdicts]).toEqual([true, []]);
  });
});

describe("spurious answers", () => {
  test.each([
    ["the response before it came", headers("response")],
    ["a body that was not sent", body("request")],
    ["trailers that were not sent", trailers("request")],
    ["nothing at all", null],
  ])("an answer to %s ends the exchange", (_what, answer) => {
    const played = new Played();
    played.request(get);
    played.answer(answer);
    expect([played.verdicts, played.client, played.closed]).toEqual([["spurious"], ":status=500.", true]);
  });

  test("the second answer to the same headers is spurious, one after the end is passed over", () => {
    const played = new Played();
    played.request(get);
    for (let i = 0; i < 3; i++) played.answer(headers("request"));
    expect(played.verdicts).toEqual(["spurious", "ignored"]);
  });
});

describe("BUFFERED", () => {
  test("one body message; changes in its answer still apply to the headers", () => {
    const played = new Played({ requestBodyMode: "BUFFERED" });
    played.request(post, "abc", "def");
    expect(played.sent).toEqual(["request headers"]);
    played.answer(headers("request"));
    expect(played.sent).toEqual(["request body(abcdef) end"]);
    played.answer(body("request", { headerMutation: setting("content-length", "2"), bodyMutation: bytes("hi") }));
    expect(played.upstream).toBe(":method=POST content-length=2 | hi.");
  });

  test("a new body that does not fit content-length is an error whatever failure_mode_allow says", () => {
    const played = new Played({ requestBodyMode: "BUFFERED" }, { failureModeAllow: true });
    played.request(post, "abcdef");
    played.answer(headers("request"));
    played.answer(body("request", { bodyMutation: bytes("hi") }));
    expect([played.verdicts, played.client]).toEqual([["contentLengthMismatch"], ":status=500."]);
  });

  test("a body ended by trailers comes without end of stream, then the trailers", () => {
    const played = new Played({ requestBodyMode: "BUFFERED", requestTrailerMode: "SEND" });
    played.headers("request", get, false);
    played.body("request", "abc", false);
    played.trailers("request", [["x-t", "1"]]);
    played.answer(headers("request"));
    expect(played.sent).toEqual(["request headers", "request body(abc)"]);
    played.answer(body("request"));
    expect(played.sent).toEqual(["request trailers"]);
    played.answer(trailers("request"));
    expect(played.upstream).toBe(":method=GET | abc | x-t=1.");
  });

  test("a response of which Envoy would have to buffer too much is 500", () => {
    const played = new Played({ responseBodyMode: "BUFFERED" }, { bufferLimitBytes: 4 });
    played.request(get);
    played.answer(headers("request"));
    played.headers("response", ok, false);
    played.answer(headers("response"));
    played.body("response", "abcdef", false);
    expect([played.verdicts, played.client]).toEqual([["tooLarge"], ":status=500."]);
  });

  test("BUFFERED_PARTIAL: what is over the limit bypasses the processor", () => {
    const played = new Played({ requestBodyMode: "BUFFERED_PARTIAL" }, { bufferLimitBytes: 3 });
    played.headers("request", get, false);
    played.answer(headers("request"));
    played.body("request", "abcd", false);
    played.body("request", "ef", true);
    expect(played.sent).toEqual(["request headers", "request body(abcd)"]);
    played.answer(body("request", { bodyMutation: bytes("X") }));
    expect(played.upstream).toBe(":method=GET | Xef.");
  });
});

describe("STREAMED", () => {
  test("chunks go out after the header answer and are answered one by one", () => {
    const played = new Played({ requestBodyMode: "STREAMED" });
    played.headers("request", post, false);
    played.body("request", "a", false);
    expect(played.sent).toEqual(["request headers"]);
    played.answer(headers("request"));
    played.body("request", "b", false);
    played.body("request", "c", true);
    expect(played.sent).toEqual(["request body(a)", "request body(b)", "request body(c) end"]);
    expect(played.exchange.outstanding("request")).toBe(3);
    played.answer(body("request"));
    played.answer(body("request", { bodyMutation: { kind: "clearBody", clear: true } }));
    played.answer(body("request", { bodyMutation: bytes("BC") }));
    expect([played.upstream, played.verdicts]).toEqual([":method=POST | aBC.", []]);
  });

  test("a body that was whole before the header answer comes as one message, whose header changes apply", () => {
    const played = new Played({ requestBodyMode: "STREAMED" });
    played.request(post, "abc", "def");
    played.answer(headers("request"));
    expect(played.sent).toEqual(["request headers", "request body(abcdef) end"]);
    played.answer(body("request", { headerMutation: setting("x-a", "1"), bodyMutation: bytes("hi") }));
    expect(played.upstream).toBe(":method=POST x-a=1 | hi.");
  });

  test("the end of the stream gives back what was not answered", () => {
    const played = new Played({ requestBodyMode: "STREAMED" });
    played.headers("request", get, false);
    played.answer(headers("request"));
    for (const piece of "abc") played.body("request", piece, false);
    played.answer(body("request", { bodyMutation: bytes("A") }));
    played.streamEnded(0);
    played.body("request", "d", true);
    expect([played.upstream, played.verdicts]).toEqual([":method=GET | Abcd.", []]);
  });

  test("without waiting, chunks go out at once but are answered after the headers", () => {
    const config = { sendBodyWithoutWaitingForHeaderResponse: true };
    const played = new Played({ requestBodyMode: "STREAMED" }, config);
    played.request(get, "a", "b");
    expect(played.sent).toEqual(["request headers", "request body(a)", "request body(b) end"]);
    for (const answer of [headers("request"), body("request"), body("request")]) played.answer(answer);
    expect([played.upstream, played.verdicts]).toEqual([":method=GET | ab.", []]);
    const early = new Played({ requestBodyMode: "STREAMED" }, config);
    early.request(get, "a", "b");
    early.answer(body("request"));
    expect(early.verdicts).toEqual(["spurious"]);
  });

  test("streamed_response is spurious", () => {
    const played = new Played({ requestBodyMode: "STREAMED" });
    played.headers("request", get, false);
    played.answer(headers("request"));
    played.body("request", "a", false);
    played.answer(body("request", { bodyMutation: streamed("a") }));
    expect(played.verdicts).toEqual(["spurious"]);
  });

  test("unanswered bytes over the buffer limit stop the client until half of them are answered", () => {
    const played = new Played({ requestBodyMode: "STREAMED" }, { bufferLimitBytes: 4 });
    played.headers("request", get, false);
    played.answer(headers("request"));
    played.body("request", "abc", false);
    expect(played.exchange.reads("request")).toBe(true);
    played.body("request", "def", false);
    expect(played.exchange.reads("request")).toBe(false);
    played.answer(body("request"));
    played.answer(body("request"));
    expect(played.exchange.reads("request")).toBe(true);
  });

  test("1.40 keeps the headers back until the first body answer, 1.37 does not", () => {
    for (const [version, upstream] of [
      ["1.37", ":method=GET…"],
      ["1.40", "-"],
    ] as const) {
      const played = new Played({ requestBodyMode: "STREAMED" }, { version });
      played.headers("request", get, false);
      played.answer(headers("request"));
      expect(played.upstream).toBe(upstream);
    }
  });
});

describe("FULL_DUPLEX_STREAMED", () => {
  const duplex = { requestBodyMode: "FULL_DUPLEX_STREAMED", requestTrailerMode: "SEND" } as const;

  test("everything goes out at once; any number of answers makes the new body", () => {
    const played = new Played(duplex);
    played.request(post, "abc", "def");
    expect(played.sent).toEqual(["request headers", "request body(abc)", "request body(def) end"]);
    expect(played.exchange.timer("request")).toBeNull();
    played.answer(headers("request"));
    for (const piece of ["A", "B", "C"]) played.answer(body("request", { bodyMutation: streamed(piece) }));
    expect(played.upstream).toBe(":method=POST | ABC…");
    played.answer(body("request", { bodyMutation: streamed("", true) }));
    expect([played.upstream, played.verdicts]).toEqual([":method=POST | ABC.", []]);
  });

  test("a body ended by trailers is ended by their answer", () => {
    const played = new Played(duplex);
    played.headers("request", get, false);
    played.body("request", "abc", false);
    played.trailers("request", [["x-t", "1"]]);
    played.answer(headers("request"));
    played.answer(body("request", { bodyMutation: streamed("abc") }));
    played.answer(trailers("request"));
    expect([played.upstream, played.verdicts]).toEqual([":method=GET | abc | x-t=1.", []]);
  });

  test.each([
    ["an answer without streamed_response", [headers("request"), body("request", { bodyMutation: bytes("x") })]],
    ["a body before the headers", [body("request", { bodyMutation: streamed("x") })]],
    [
      "a body after its end",
      [
        headers("request"),
        body("request", { bodyMutation: streamed("", true) }),
        body("request", { bodyMutation: streamed("x") }),
      ],
    ],
  ])("%s is spurious", (_what, answers) => {
    const played = new Played(duplex);
    played.request(get, "abc");
    for (const answer of answers) played.answer(answer);
    expect(played.verdicts).toEqual(["spurious"]);
  });

  test("an end before the body's own breaks the message", () => {
    const played = new Played(duplex);
    played.headers("request", get, false);
    played.body("request", "abc", false);
    played.answer(headers("request"));
    played.answer(body("request", { bodyMutation: streamed("x", true) }));
    expect(played.verdicts).toEqual(["brokenEnd"]);
  });

  test("ending the stream inside the body loses it, and failure_mode_allow does not help", () => {
    const played = new Played(duplex, { failureModeAllow: true });
    played.request(get, "abc");
    played.answer(headers("request"));
    played.streamEnded(0);
    expect(played.verdicts).toEqual(["lostBytes"]);
    const failing = new Played(duplex, { failureModeAllow: true });
    failing.request(get, "abc");
    failing.streamEnded(13);
    expect([failing.verdicts, failing.client]).toEqual([["streamError"], ":status=500."]);
  });
});

describe("CONTINUE_AND_REPLACE", () => {
  test("with a body: it replaces the original, whose rest is dropped, and nothing more is sent", () => {
    const played = new Played({ requestBodyMode: "BUFFERED" });
    played.headers("request", post, false);
    const headerMutation = setting(":method", "PUT");
    played.answer(headers("request", { status: "CONTINUE_AND_REPLACE", bodyMutation: bytes("new"), headerMutation }));
    played.body("request", "abcdef", true);
    expect([played.sent, played.upstream]).toEqual([["request headers"], ":method=PUT | new."]);
  });

  test("with a body on a message without one adds it", () => {
    const played = new Played();
    played.request(get);
    played.answer(headers("request", { status: "CONTINUE_AND_REPLACE", bodyMutation: bytes("new") }));
    expect(played.upstream).toBe(":method=GET | new.");
  });

  test("without a body it takes the rest of the direction out of the exchange", () => {
    const played = new Played({ requestBodyMode: "STREAMED", requestTrailerMode: "SEND" });
    played.headers("request", get, false);
    played.answer(headers("request", { status: "CONTINUE_AND_REPLACE" }));
    played.body("request", "abc", false);
    played.trailers("request", [["x-t", "1"]]);
    expect([played.sent, played.upstream]).toEqual([["request headers"], ":method=GET | abc | x-t=1."]);
  });
});

describe("mode_override", () => {
  const modeOverride: ModeOverride = {
    responseHeaderMode: "DEFAULT",
    requestTrailerMode: "DEFAULT",
    responseTrailerMode: "DEFAULT",
    requestBodyMode: "BUFFERED",
    responseBodyMode: "NONE",
  };

  test("brings a body that is not sent by itself", () => {
    const played = new Played({}, { allowModeOverride: true });
    played.request(post, "abcdef");
    played.answer(headers("request"), { modeOverride });
    expect([played.sent, played.verdicts]).toEqual([
      ["request headers", "request body(abcdef) end"],
      ["modeOverrideApplied"],
    ]);
  });

  test.each([
    ["unless it is allowed", {}, {}],
    [
      "while a body mode is duplex",
      { responseBodyMode: "FULL_DUPLEX_STREAMED", responseTrailerMode: "SEND" },
      { allowModeOverride: true },
    ],
    [
      "when bodies do not wait for the header answer",
      {},
      { allowModeOverride: true, sendBodyWithoutWaitingForHeaderResponse: true },
    ],
  ] as const)("has no effect %s", (_when, mode, config) => {
    const played = new Played(mode, config);
    played.request(post, "abcdef");
    played.answer(headers("request"), { modeOverride });
    expect([played.sent, played.verdicts]).toEqual([["request headers"], ["modeOverrideIgnored"]]);
  });
});

describe("immediate answers", () => {
  test("go to the client, nothing goes upstream", () => {
    const played = new Played();
    played.request(post, "abc");
    played.answer(immediate);
    expect([played.upstream, played.record.client.fields, played.record.details]).toEqual([
      "-",
      [
        [":status", "403"],
        ["content-type", "text/plain"],
        ["x-why", "no"],
      ],
      "the_gate",
    ]);
    expect(Buffer.concat(played.record.client.chunks).toString()).toBe("no");
  });

  test("are spurious where they are disabled", () => {
    const played = new Played({}, { disableImmediateResponse: true });
    played.request(get);
    played.answer(immediate);
    expect(played.verdicts).toEqual(["spurious"]);
  });

  test("once the client has headers it can only be cut off", () => {
    const played = new Played({ responseBodyMode: "STREAMED" }, { version: "1.37" });
    played.request(get);
    played.answer(headers("request"));
    played.headers("response", ok, false);
    played.answer(headers("response"));
    played.body("response", "abc", false);
    played.answer(immediate);
    expect(played.client).toBe(":status=200!");
  });

  const part = (text: string, endOfStream: boolean): ProcessorAnswer => ({
    kind: "streamedImmediate",
    part: { kind: "body", bytes: Buffer.from(text), endOfStream },
  });
  const head: ProcessorAnswer = {
    kind: "streamedImmediate",
    part: { kind: "headers", fields: ok, endOfStream: false },
  };

  test("a streamed one arrives piece by piece", () => {
    const played = new Played();
    played.request(get);
    played.answer(head);
    played.answer(part("data: 1 ", false));
    expect(played.client).toBe(":status=200 | data: 1 …");
    played.answer(part("data: 2", true));
    expect([played.client, played.upstream, played.closed, played.verdicts]).toEqual([
      ":status=200 | data: 1 data: 2.",
      "-",
      true,
      [],
    ]);
  });

  test.each([
    ["with a buffered request body", { requestBodyMode: "BUFFERED" }, {}],
    ["with Envoy 1.36", {}, { version: "1.36" }],
  ] as const)("a streamed one does not go %s", (_when, mode, config) => {
    const played = new Played(mode, config);
    played.request(get);
    played.answer(head);
    expect(played.verdicts).toEqual(["spurious"]);
  });
});

test.each([
  [setting("host", "x"), "rejectedMutation"],
  [setting(":method", "PUT"), "rejectedMutation"],
  [setting("x-envoy-a", "1"), "rejectedMutation"],
  [setting(":status", "99"), "rejectedMutation"],
  [{ remove: [":path"], set: [] }, "rejectedMutation"],
  [setting("x-a", "line\nbreak"), "mutationError"],
  [setting("x a", "1"), "mutationError"],
])("the header change %j is %s", (headerMutation, verdict) => {
  const played = new Played();
  played.request(get);
  played.answer(headers("request", { headerMutation }));
  expect(played.verdicts).toEqual([verdict]);
});

test("override_message_timeout is heeded once a message; the answer is still due", () => {
  const played = new Played({}, { maxMessageTimeoutMs: 10_000 });
  played.request(get);
  played.answer(null, { overrideMessageTimeoutMs: 3000 });
  expect([played.exchange.timer("request"), played.exchange.outstanding("request")]).toEqual([3000, 1]);
  played.answer(null, { overrideMessageTimeoutMs: 4000 });
  expect([played.exchange.timer("request"), played.verdicts]).toEqual([
    3000,
    ["timeoutExtended", "timeoutOverrideIgnored"],
  ]);
});

test("in observability mode copies are sent, nothing is waited for, answers are passed over", () => {
  const played = new Played({ requestBodyMode: "STREAMED" }, { observabilityMode: true });
  played.request(post, "abcdef");
  expect([played.sent, played.upstream]).toEqual([
    ["request headers", "request body(abcdef) end"],
    ":method=POST content-length=6 | abcdef.",
  ]);
  played.answer(headers("request", { headerMutation: setting("x-a", "1") }));
  expect([played.exchange.outstanding("request"), played.verdicts]).toEqual([0, ["ignored"]]);
});
