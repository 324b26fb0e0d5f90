import { describe, expect, test } from "bun:test";
import { defaultEnvoyConfig } from "./defaults.ts";
import { openEnvoyExchange } from "./exchange.ts";
import type {
  BodyMutation,
  EnvoyConfig,
  EnvoyEvent,
  EnvoyExchange,
  HeaderFields,
  HeaderMutation,
  ProcessingMode,
  ProcessorAnswer,
} from "./model.ts";

const get: HeaderFields = [
  [":method", "GET"],
  [":path", "/"],
];
const ok: HeaderFields = [[":status", "200"]];
const bytes = (text: string): Uint8Array => Buffer.from(text);

function envoy(mode: Partial<ProcessingMode> = {}, more: Partial<EnvoyConfig> = {}): EnvoyExchange {
  const processingMode = { ...defaultEnvoyConfig.processingMode, ...mode };
  return openEnvoyExchange({ ...defaultEnvoyConfig, version: "1.37", processingMode, ...more });
}

function answer(
  exchange: EnvoyExchange,
  kind: "headers" | "body",
  bodyMutation: BodyMutation | null = null,
  headerMutation: HeaderMutation | null = null,
  status: "CONTINUE" | "CONTINUE_AND_REPLACE" = "CONTINUE",
): readonly string[] {
  const common = { status, headerMutation, bodyMutation, clearRouteCache: false };
  return give(exchange, { kind, side: "request", common });
}

function give(exchange: EnvoyExchange, given: ProcessorAnswer): readonly string[] {
  return told(exchange.answer({ answer: given, modeOverride: null, overrideMessageTimeoutMs: null }));
}

/** Events in a few words. */
function told(events: readonly EnvoyEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case "send":
        return `send ${event.message.side} ${event.message.phase.kind}`;
      case "forward": {
        const { part } = event;
        const text = part.kind === "body" ? ` ${Buffer.from(part.bytes).toString()}` : "";
        return `${event.side} ${part.kind}${text}${part.kind !== "trailers" && part.endOfStream ? " end" : ""}`;
      }
      case "localReply":
        return `reply ${event.status}`;
      case "verdict":
        return event.verdict;
      default:
        return event.kind;
    }
  });
}

describe("headers", () => {
  test("wait for their answer; a body without a mode passes behind them", () => {
    const exchange = envoy();
    expect(told(exchange.headers("request", get, false))).toEqual(["send request headers"]);
    expect(told(exchange.body("request", bytes("a"), true))).toEqual([]);
    expect(answer(exchange, "headers")).toEqual(["request headers", "request body a end"]);
  });

  test("an answer nobody waits for is spurious and fails the exchange, or lets it pass", () => {
    const closed = envoy();
    closed.headers("request", get, false);
    expect(answer(closed, "body")).toEqual(["spurious", "close", "reply 500"]);
    const open = envoy({}, { failureModeAllow: true });
    open.headers("request", get, true);
    expect(answer(open, "body")).toEqual(["spurious", "failedOpen", "close", "request headers end"]);
  });

  test("a refused change is counted, the others are applied", () => {
    const exchange = envoy();
    exchange.headers("request", get, true);
    const set = [
      { name: "host", value: "other", append: false },
      { name: "x-a", value: "1", append: false },
    ];
    expect(answer(exchange, "headers", null, { set, remove: [] })).toEqual(["rejectedMutation", "request headers end"]);
  });
});

describe("bodies", () => {
  test("STREAMED: chunks are answered in order, and trailers wait for the last answer", () => {
    const exchange = envoy({ requestBodyMode: "STREAMED" });
    exchange.headers("request", get, false);
    expect(answer(exchange, "headers")).toEqual(["request headers"]);
    expect(told(exchange.body("request", bytes("a"), false))).toEqual(["send request body"]);
    exchange.body("request", bytes("b"), false);
    expect(told(exchange.trailers("request", []))).toEqual([]);
    expect(exchange.outstanding("request")).toBe(2);
    expect(answer(exchange, "body", { kind: "body", bytes: bytes("A") })).toEqual(["request body A"]);
    expect(answer(exchange, "body")).toEqual(["request body b", "request trailers"]);
  });

  test("STREAMED: an end with OK gives unanswered chunks back", () => {
    const exchange = envoy({ requestBodyMode: "STREAMED" });
    exchange.headers("request", get, false);
    answer(exchange, "headers");
    exchange.body("request", bytes("a"), false);
    exchange.body("request", bytes("b"), true);
    expect(told(exchange.streamEnded(0))).toEqual(["request body ab end"]);
  });

  test("BUFFERED: headers stay until the body's answer, whose length is checked", () => {
    const exchange = envoy({ requestBodyMode: "BUFFERED" });
    exchange.headers("request", [...get, ["content-length", "1"]], false);
    expect(answer(exchange, "headers")).toEqual([]);
    expect(told(exchange.body("request", bytes("a"), true))).toEqual(["send request body"]);
    const wrong = answer(exchange, "body", { kind: "body", bytes: bytes("abc") });
    expect(wrong).toEqual(["contentLengthMismatch", "close", "reply 500"]);
  });

  test("FULL_DUPLEX_STREAMED: only streamed answers are taken, and an end loses what is not sent back", () => {
    const exchange = envoy({ requestBodyMode: "FULL_DUPLEX_STREAMED", requestTrailerMode: "SEND" });
    exchange.headers("request", get, false);
    expect(told(exchange.body("request", bytes("ab"), true))).toEqual(["send request body"]);
    answer(exchange, "headers");
    expect(answer(exchange, "body", { kind: "streamed", bytes: bytes("a"), endOfStream: false })).toEqual([
      "request headers",
      "request body a",
    ]);
    expect(told(exchange.streamEnded(0))).toContain("lostBytes");
  });

  test("CONTINUE_AND_REPLACE drops what else comes of the body", () => {
    const exchange = envoy({ requestBodyMode: "STREAMED" });
    exchange.headers("request", get, false);
    const replaced = answer(exchange, "headers", { kind: "body", bytes: bytes("new") }, null, "CONTINUE_AND_REPLACE");
    expect(replaced).toEqual(["request headers", "request body new"]);
    expect(told(exchange.body("request", bytes("old"), true))).toEqual(["request body  end"]);
  });
});

describe("ends", () => {
  const immediate: ProcessorAnswer = {
    kind: "immediate",
    status: 401,
    mutation: null,
    body: bytes("no"),
    grpcStatus: null,
    details: "",
  };

  test("an immediate answer replaces the response until its headers went on, later it resets the client", () => {
    const early = envoy();
    early.headers("request", get, true);
    expect(give(early, immediate)).toEqual(["close", "reply 401"]);
    const late = envoy({ responseBodyMode: "STREAMED" });
    late.headers("request", get, true);
    answer(late, "headers");
    late.headers("response", ok, false);
    give(late, {
      kind: "headers",
      side: "response",
      common: { status: "CONTINUE", headerMutation: null, bodyMutation: null, clearRouteCache: false },
    });
    late.body("response", bytes("a"), false);
    expect(give(late, immediate)).toEqual(["close", "resetClient"]);
  });

  test("the timer runs from a message to any answer of its direction", () => {
    const exchange = envoy();
    exchange.headers("request", get, true);
    expect(exchange.timer("request")).toBe(200);
    expect(told(exchange.timerExpired("request"))).toEqual(["messageTimeout", "close", "reply 504"]);
  });

  test("from 1.37 on the stream is closed after the last answer that is needed", () => {
    const mode = { responseHeaderMode: "SKIP" } as const;
    const early = envoy(mode);
    early.headers("request", get, true);
    expect(answer(early, "headers")).toEqual(["request headers end", "close"]);
    const late = envoy(mode, { version: "1.36" });
    late.headers("request", get, true);
    expect(answer(late, "headers")).toEqual(["request headers end"]);
    expect(told(late.destroy())).toEqual(["close"]);
  });
});
