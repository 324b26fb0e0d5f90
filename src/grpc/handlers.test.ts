import { describe, expect, test } from "bun:test";
import { ErrorCode, type Http2StreamHandler } from "../http2/contract.ts";
import { createGrpcAcceptor } from "./acceptor.ts";
import type { GrpcMethod } from "./contract.ts";
import { deliver, FakeStream } from "./fake-stream.test-support.ts";
import { GrpcError } from "./grpc-error.ts";
import { bidi, clientStreaming, serverStreaming, unary } from "./handlers.ts";
import { frameMessage } from "./message-frame.ts";

const text = {
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
  encode: (response: string) => Buffer.from(response),
};

interface Conversation {
  readonly stream: FakeStream;
  readonly handler: Http2StreamHandler;
  readonly failures: unknown[];
  say(...messages: string[]): void;
}

function open(method: GrpcMethod): Conversation {
  const stream = new FakeStream();
  const failures: unknown[] = [];
  const acceptor = createGrpcAcceptor({
    services: [{ name: "t.S", methods: { M: method } }],
    observer: { callOpened() {}, callEnded() {}, receiverFailed: (_path, error) => failures.push(error) },
  });
  const fields = [":method", "POST", ":path", "/t.S/M", "content-type", "application/grpc"];
  const handler = acceptor.onStream(stream, fields, false);
  const say = (...messages: string[]): void => {
    for (const message of messages) deliver(handler, frameMessage(Buffer.from(message)));
  };
  return { stream, handler, failures, say };
}

/** What was sent: messages as text, the status as "status <code> <message>". */
function answers(stream: FakeStream): string[] {
  return stream.sent.flatMap((sent) => {
    if (sent.kind === "data") return [Buffer.from(sent.bytes.subarray(5)).toString()];
    if (sent.kind === "reset") return ["reset"];
    const at = sent.fields.indexOf("grpc-status");
    return at < 0
      ? []
      : [
          `status ${sent.fields
            .slice(at + 1)
            .filter((_, i) => i !== 1)
            .join(" ")}`,
        ];
  });
}

async function settle(): Promise<void> {
  await Bun.sleep(1);
}

describe("handlers", () => {
  test("unary answers the one request", async () => {
    const { stream, handler, say } = open(unary(text, (request) => request.toUpperCase()));
    say("hello");
    handler.onEnd(null);
    await settle();
    expect(answers(stream)).toEqual(["HELLO", "status 0"]);
  });

  test("unary refuses no request and two", async () => {
    const refused = await Promise.all(
      [[], ["a", "b"]].map(async (messages) => {
        const { stream, handler, say } = open(unary(text, (request) => request));
        say(...messages);
        handler.onEnd(null);
        await settle();
        return answers(stream);
      }),
    );
    expect(refused).toEqual([
      ["status 13 a single request was expected, 0 came"],
      ["status 13 a single request was expected, 2 came"],
    ]);
  });

  test("client streaming answers when it has heard all", async () => {
    const method = clientStreaming(text, async (requests) => {
      let all = "";
      for await (const request of requests) all += request;
      return all;
    });
    const { stream, handler, say } = open(method);
    say("a", "b");
    await settle();
    expect(answers(stream)).toEqual([]);
    say("c");
    handler.onEnd(null);
    await settle();
    expect(answers(stream)).toEqual(["abc", "status 0"]);
  });

  test("server streaming sends many, pausing while the peer takes none", async () => {
    let produced = 0;
    const method = serverStreaming(text, async function* (request) {
      for (; produced < 5; produced++) yield request + produced;
    });
    const { stream, handler, say } = open(method);
    stream.queuedBytes = 1;
    say("r");
    handler.onEnd(null);
    await settle();
    expect([produced, answers(stream)]).toEqual([0, ["r0"]]);
    stream.queuedBytes = 0;
    handler.onWritable();
    await settle();
    expect(answers(stream)).toEqual(["r0", "r1", "r2", "r3", "r4", "status 0"]);
  });

  test("bidi answers as it hears", async () => {
    const { stream, handler, say } = open(
      bidi(text, async function* (requests) {
        for await (const request of requests) yield `${request}!`;
      }),
    );
    say("a");
    await settle();
    say("b");
    await settle();
    expect(answers(stream)).toEqual(["a!", "b!"]);
    handler.onEnd(null);
    await settle();
    expect(answers(stream)).toEqual(["a!", "b!", "status 0"]);
  });

  test("what is thrown as GrpcError becomes the status, anything else INTERNAL and reported", async () => {
    const thrown = [new GrpcError(7, "not you", [["x-why", "because"]]), new Error("secret")];
    const results = await Promise.all(
      thrown.map(async (error) => {
        const { stream, handler, failures, say } = open(unary(text, () => Promise.reject(error)));
        say("a");
        handler.onEnd(null);
        await settle();
        return { answers: answers(stream), failures };
      }),
    );
    expect(results).toEqual([
      { answers: ["status 7 not you x-why because"], failures: [] },
      { answers: ["status 13 internal error of the service"], failures: [thrown[1]] },
    ]);
  });

  test("a client that leaves ends the iteration of the requests", async () => {
    const heard: string[] = [];
    const method = bidi(text, async function* (requests) {
      try {
        for await (const request of requests) yield request;
      } catch (error) {
        heard.push(String(error));
        throw error;
      }
    });
    const { stream, handler, failures, say } = open(method);
    say("a");
    await settle();
    handler.onReset(ErrorCode.CANCEL);
    await settle();
    expect([answers(stream), heard, failures]).toEqual([["a"], ["GrpcError: cancelled by the client"], []]);
  });

  test("a client that leaves while it takes nothing ends the responses", async () => {
    let finished = false;
    const method = serverStreaming(text, async function* () {
      try {
        for (;;) yield "x";
      } finally {
        finished = true;
      }
    });
    const { stream, handler, say } = open(method);
    stream.queuedBytes = 1;
    say("go");
    handler.onEnd(null);
    await settle();
    handler.onReset(ErrorCode.CANCEL);
    await settle();
    expect(finished).toBe(true);
  });

  test("requests a handler does not take keep the windows closed", async () => {
    const gate = Promise.withResolvers<void>();
    const method = clientStreaming(text, async (requests) => {
      await gate.promise;
      let count = 0;
      for await (const _ of requests) count++;
      return String(count);
    });
    const { stream, handler, say } = open(method);
    for (let i = 0; i < 100; i++) say("x");
    const consumedWaiting = stream.consumed;
    gate.resolve();
    await settle();
    handler.onEnd(null);
    await settle();
    expect([consumedWaiting, stream.consumed, answers(stream)]).toEqual([15 * 6, 600, ["100", "status 0"]]);
  });

  test("a request that cannot be read ends the call with INTERNAL", async () => {
    const { WireError } = await import("../protobuf/wire-error.ts");
    const decode = (): never => {
      throw new WireError("TRUNCATED", 3);
    };
    const { stream, failures, say } = open(unary({ decode, encode: text.encode }, () => ""));
    say("a");
    await settle();
    expect([answers(stream), failures]).toEqual([["status 13 not a protobuf message: TRUNCATED at byte 3"], []]);
  });
});
