import { describe, expect, test } from "bun:test";
import { deflateSync, gzipSync } from "node:zlib";
import { ErrorCode, type FieldLines, type Http2StreamHandler } from "../http2/contract.ts";
import { createGrpcAcceptor } from "./acceptor.ts";
import type { CallReceiver, GrpcObserver, GrpcServerOptions, ServerCall } from "./contract.ts";
import { deliver, FakeStream, type Sent } from "./fake-stream.test-support.ts";
import { frameMessage } from "./message-frame.ts";

/** A service that remembers what it hears and answers when the test says so. */
class Probe implements CallReceiver {
  call: ServerCall | null = null;
  readonly heard: string[] = [];
  throwOnMessage: Error | null = null;
  dealsWithOversized = false;

  onMessage(bytes: Uint8Array, start: number, end: number): void {
    this.heard.push(`message ${Buffer.from(bytes.subarray(start, end)).toString()}`);
    if (this.throwOnMessage !== null) throw this.throwOnMessage;
  }

  onHalfClose(): void {
    this.heard.push("half-close");
  }

  onCancel(reason: string): void {
    this.heard.push(`cancel: ${reason}`);
  }

  onWritable(): void {
    this.heard.push("writable");
  }

  onOversizedMessage(bytes: number): boolean {
    this.heard.push(`oversized ${bytes}`);
    return this.dealsWithOversized;
  }
}

interface Opened {
  readonly probe: Probe;
  readonly stream: FakeStream;
  readonly handler: Http2StreamHandler;
  readonly observed: string[];
}

const REQUEST: FieldLines = [":method", "POST", ":path", "/test.Echo/Talk", "content-type", "application/grpc"];
const OK_HEADERS = [":status", "200", "content-type", "application/grpc"];

function openCall(fields: FieldLines = REQUEST, options: Partial<GrpcServerOptions> = {}, endStream = false): Opened {
  const probe = new Probe();
  const observed: string[] = [];
  const observer: GrpcObserver = {
    callOpened: (path) => observed.push(`opened ${path}`),
    callEnded: (path, code) => observed.push(`ended ${path} ${code}`),
    receiverFailed: (path, error) => observed.push(`failed ${path} ${String(error)}`),
  };
  const Talk = {
    open(call: ServerCall): CallReceiver {
      probe.call = call;
      return probe;
    },
  };
  const acceptor = createGrpcAcceptor({ services: [{ name: "test.Echo", methods: { Talk } }], observer, ...options });
  const stream = new FakeStream();
  return { probe, stream, observed, handler: acceptor.onStream(stream, fields, endStream) };
}

function trailersOnly(...fields: string[]): Sent[] {
  return [{ kind: "headers", fields: [...OK_HEADERS, ...fields], endStream: true }];
}

function compressed(message: Uint8Array): Uint8Array {
  const frame = frameMessage(message);
  frame[0] = 1;
  return frame;
}

describe("what is served", () => {
  test("anything but POST is answered 405, another content type 415", () => {
    const get = openCall([":method", "GET", ":path", "/test.Echo/Talk"], {}, true);
    expect(get.stream.sent).toEqual([
      { kind: "headers", fields: [":status", "405", "allow", "POST"], endStream: true },
    ]);
    const sent = ["application/json", "application/grpc-web", "", undefined].map((type) => {
      const { stream } = openCall([...REQUEST.slice(0, 4), ...(type === undefined ? [] : ["content-type", type])]);
      return stream.sent;
    });
    const refusal: Sent = {
      kind: "headers",
      fields: [":status", "415", "accept", "application/grpc"],
      endStream: true,
    };
    expect(sent).toEqual([[refusal], [refusal], [refusal], [refusal]]);
  });

  test("subtypes and parameters of the content type are served", () => {
    for (const type of ["application/grpc+proto", "application/grpc;charset=utf-8", "Application/gRPC+proto"]) {
      const { probe } = openCall([...REQUEST.slice(0, 4), "content-type", type]);
      expect(probe.call?.path).toBe("/test.Echo/Talk");
    }
  });

  test("an unknown service, an unknown method and a path of another shape are UNIMPLEMENTED, each with its reason", () => {
    const messages = ["/no.Such/Talk", "/test.Echo/Shout", "talk", "/talk"].map((path) => {
      const { stream } = openCall([":method", "POST", ":path", path, ...REQUEST.slice(4)]);
      return stream.sent;
    });
    expect(messages).toEqual([
      trailersOnly("grpc-status", "12", "grpc-message", "unknown service no.Such"),
      trailersOnly("grpc-status", "12", "grpc-message", "unknown method Shout for service test.Echo"),
      trailersOnly("grpc-status", "12", "grpc-message", 'malformed method name: "talk"'),
      trailersOnly("grpc-status", "12", "grpc-message", 'malformed method name: "/talk"'),
    ]);
  });
});

describe("messages", () => {
  test("arrive in order, then the half-close", () => {
    const { probe, handler } = openCall();
    deliver(handler, Buffer.concat([frameMessage(Buffer.from("a")), frameMessage(Buffer.from("b"))]));
    handler.onEnd(null);
    expect(probe.heard).toEqual(["message a", "message b", "half-close"]);
  });

  test("a request without a body is a half-close at once", () => {
    expect(openCall(REQUEST, {}, true).probe.heard).toEqual(["half-close"]);
  });

  test("headers go with the first message, trailers last", () => {
    const { probe, stream, observed } = openCall();
    expect(stream.sent).toEqual([]);
    probe.call?.send(Buffer.from("hi"));
    probe.call?.sendFramed(Uint8Array.of(0, 0, 0, 0, 0));
    probe.call?.end({ code: 0 });
    expect(stream.sent.map((sent) => sent.kind)).toEqual(["headers", "data", "data", "trailers"]);
    expect(stream.body).toBe("00000000026869" + "0000000000");
    expect(stream.sent[0]).toEqual({ kind: "headers", fields: OK_HEADERS, endStream: false });
    expect(stream.sent[3]).toEqual({ kind: "trailers", fields: ["grpc-status", "0"] });
    expect(observed).toEqual(["opened /test.Echo/Talk", "ended /test.Echo/Talk 0"]);
  });

  test("a large message is sent without being copied", () => {
    const { probe, stream } = openCall();
    const message = Buffer.alloc(100_000, 1);
    probe.call?.send(message);
    expect(stream.sent.slice(1)).toEqual([
      { kind: "data", bytes: Buffer.from("00000186a0", "hex") },
      { kind: "data", bytes: message },
    ]);
    expect(stream.sent[2]?.kind === "data" && stream.sent[2].bytes === message).toBe(true);
  });

  test("send says whether the peer takes more", () => {
    const { probe, stream, handler } = openCall();
    expect(probe.call?.send(Buffer.from("a"))).toBe(true);
    stream.queuedBytes = 6;
    expect(probe.call?.send(Buffer.from("b"))).toBe(false);
    stream.queuedBytes = 0;
    handler.onWritable();
    expect(probe.heard).toEqual(["writable"]);
  });

  test("gzip and deflate messages are decoded, plain ones between them pass", () => {
    for (const [coding, encode] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
    ] as const) {
      const { probe, handler } = openCall([...REQUEST, "grpc-encoding", coding]);
      deliver(handler, Buffer.concat([compressed(encode("packed")), frameMessage(Buffer.from("plain"))]));
      expect(probe.heard).toEqual(["message packed", "message plain"]);
    }
  });

  test("an unknown coding is UNIMPLEMENTED and told what is known", () => {
    expect(openCall([...REQUEST, "grpc-encoding", "snappy"]).stream.sent).toEqual(
      trailersOnly(
        "grpc-status",
        "12",
        "grpc-message",
        "unknown grpc-encoding snappy",
        "grpc-accept-encoding",
        "identity,deflate,gzip",
      ),
    );
  });

  test("compressed without a coding, an unknown flag, broken gzip and a cut message are INTERNAL", () => {
    const gzip = [...REQUEST, "grpc-encoding", "gzip"];
    const cases: [FieldLines, Uint8Array, string][] = [
      [REQUEST, compressed(Buffer.from("x")), "compressed message without grpc-encoding"],
      [REQUEST, Uint8Array.of(2, 0xff, 0xff, 0xff, 0xff), "invalid message flag 2"],
      [gzip, compressed(Buffer.from("no gzip")), "a message is not gzip"],
      [REQUEST, Uint8Array.of(0, 0, 0, 0, 9, 1), "the request ended inside a message"],
    ];
    for (const [fields, bytes, message] of cases) {
      const { probe, stream, handler } = openCall(fields);
      deliver(handler, bytes);
      handler.onEnd(null);
      expect(stream.sent).toEqual(trailersOnly("grpc-status", "13", "grpc-message", message));
      expect(probe.heard).toEqual([`cancel: ${message}`]);
    }
  });
});

describe("the message limit", () => {
  const tooLong = Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3);

  test("a longer message ends the call with RESOURCE_EXHAUSTED on its prefix alone", () => {
    const { probe, stream, handler } = openCall(REQUEST, { maxMessageBytes: 1000 });
    deliver(handler, tooLong);
    expect(stream.sent).toEqual(
      trailersOnly("grpc-status", "8", "grpc-message", "message of 4294967295 bytes is longer than the limit of 1000"),
    );
    expect(probe.heard[0]).toBe("oversized 4294967295");
  });

  test("a receiver that deals with it gets the messages behind it, and the peer its window back", () => {
    const { probe, stream, handler } = openCall(REQUEST, { maxMessageBytes: 10 });
    probe.dealsWithOversized = true;
    const wire = Buffer.concat([frameMessage(Buffer.alloc(500)), frameMessage(Buffer.from("next"))]);
    for (let at = 0; at < wire.length; at += 100) deliver(handler, wire.subarray(at, at + 100));
    expect(probe.heard).toEqual(["oversized 500", "message next"]);
    expect([stream.sent.length, stream.consumed]).toEqual([0, wire.length]);
  });

  test("a compressed message may not grow beyond it", () => {
    const { probe, stream, handler } = openCall([...REQUEST, "grpc-encoding", "gzip"], { maxMessageBytes: 1000 });
    deliver(handler, compressed(gzipSync(Buffer.alloc(100_000))));
    expect(probe.heard[0]).toBe("oversized 1001");
    expect(stream.sent[0]).toMatchObject({ fields: expect.arrayContaining(["grpc-status", "8"]) });
  });
});

describe("back-pressure", () => {
  test("windows are given back as bytes arrive, also while a message is incomplete", () => {
    const { stream, handler } = openCall();
    deliver(handler, Uint8Array.of(0, 0, 16, 0, 0));
    deliver(handler, new Uint8Array(500_000));
    expect(stream.consumed).toBe(500_005);
  });

  test("while paused nothing is given back; resume gives all", () => {
    const { probe, stream, handler } = openCall();
    probe.call?.pause();
    deliver(handler, frameMessage(Buffer.from("a")));
    deliver(handler, frameMessage(Buffer.from("b")));
    expect([probe.heard, stream.consumed]).toEqual([["message a", "message b"], 0]);
    probe.call?.resume();
    expect(stream.consumed).toBe(12);
    deliver(handler, frameMessage(Buffer.from("c")));
    expect(stream.consumed).toBe(18);
  });
});

describe("the end of a call", () => {
  test("without a message before it is Trailers-Only, with message and metadata encoded", () => {
    const { probe, stream } = openCall();
    const metadata = [
      ["x-text", "a b"],
      ["x-bytes-bin", Uint8Array.of(0xfb, 0xff)],
    ] as const;
    probe.call?.end({ code: 5, message: "100% weg: ☺\n", metadata });
    const fields = [
      "grpc-status",
      "5",
      "grpc-message",
      "100%25 weg: %E2%98%BA%0A",
      "x-text",
      "a b",
      "x-bytes-bin",
      "+/8",
    ];
    expect(stream.sent).toEqual(trailersOnly(...fields));
  });

  test("metadata sent first opens the response", () => {
    const { probe, stream } = openCall();
    probe.call?.sendMetadata([["x-a", "1"]]);
    probe.call?.end({ code: 0 });
    expect(stream.sent).toEqual([
      { kind: "headers", fields: [...OK_HEADERS, "x-a", "1"], endStream: false },
      { kind: "trailers", fields: ["grpc-status", "0"] },
    ]);
  });

  test("metadata that cannot stand in a header throws and names the entry", () => {
    const { probe } = openCall();
    const send = (name: string, value: string | Uint8Array) => () => probe.call?.sendMetadata([[name, value]]);
    expect(send("X-Upper", "a")).toThrow('"X-Upper"');
    expect(send("grpc-status", "0")).toThrow('"grpc-status"');
    expect(send("x-a", "a\r\nb")).toThrow("metadata x-a");
    expect(send("x-a-bin", "text")).toThrow("metadata x-a-bin");
    expect(send("x-a", Uint8Array.of(1))).toThrow("metadata x-a");
  });

  test("nothing is sent or heard after it", () => {
    const { probe, stream, handler } = openCall();
    probe.call?.end({ code: 0 });
    probe.call?.send(Buffer.from("late"));
    probe.call?.end({ code: 1 });
    deliver(handler, frameMessage(Buffer.from("late")));
    handler.onEnd(null);
    handler.onReset(ErrorCode.CANCEL);
    expect([stream.sent.length, probe.heard, probe.call?.ended]).toEqual([1, [], true]);
  });

  test("a reset by the peer cancels the call and its signal", () => {
    const { probe, stream, handler, observed } = openCall();
    const signal = probe.call?.signal;
    handler.onReset(ErrorCode.CANCEL);
    expect(probe.heard).toEqual(["cancel: cancelled by the client"]);
    expect([signal?.aborted, probe.call?.ended, stream.sent]).toEqual([true, true, []]);
    expect(observed.at(-1)).toBe("ended /test.Echo/Talk 1");
  });

  test("a signal asked for after the cancellation is aborted already", () => {
    const { probe, handler } = openCall();
    handler.onReset(ErrorCode.INTERNAL_ERROR);
    expect(probe.call?.signal.aborted).toBe(true);
    expect(String(probe.call?.signal.reason)).toContain("code 2");
  });

  test("a receiver that throws ends the call with INTERNAL, its text stays inside", () => {
    const { probe, stream, handler, observed } = openCall();
    probe.throwOnMessage = new Error("secret");
    deliver(handler, frameMessage(Buffer.from("a")));
    const fields = ["grpc-status", "13", "grpc-message", "internal error of the service"];
    expect(stream.sent).toEqual(trailersOnly(...fields));
    expect(observed).toContain("failed /test.Echo/Talk Error: secret");
  });
});

describe("deadlines", () => {
  test("end the call with DEADLINE_EXCEEDED and abort its signal", async () => {
    const { probe, stream } = openCall([...REQUEST, "grpc-timeout", "20m"]);
    const signal = probe.call?.signal;
    await Bun.sleep(60);
    const fields = ["grpc-status", "4", "grpc-message", "deadline exceeded"];
    expect(stream.sent).toEqual(trailersOnly(...fields));
    expect([signal?.aborted, probe.heard]).toEqual([true, ["cancel: deadline exceeded"]]);
  });

  test("that have passed already open no call", () => {
    const { probe, stream } = openCall([...REQUEST, "grpc-timeout", "0n"]);
    expect([probe.call, stream.sent.length]).toEqual([null, 1]);
  });

  test("of another form are refused", () => {
    const { stream } = openCall([...REQUEST, "grpc-timeout", "soon"]);
    const fields = ["grpc-status", "13", "grpc-message", "malformed grpc-timeout soon"];
    expect(stream.sent).toEqual(trailersOnly(...fields));
  });

  test("beyond what a timer takes are none", async () => {
    const { stream } = openCall([...REQUEST, "grpc-timeout", "99999999H"]);
    await Bun.sleep(5);
    expect(stream.sent).toEqual([]);
  });
});
