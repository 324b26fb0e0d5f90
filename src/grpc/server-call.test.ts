/** Random interleavings of what peer and service may do, against the order a call promises. */
import { expect, test } from "bun:test";
import { ErrorCode, type Http2StreamHandler } from "../http2/contract.ts";
import { seededRandom, type SeededRandom } from "../protobuf/seeded-random.test-support.ts";
import { createGrpcAcceptor } from "./acceptor.ts";
import type { ServerCall } from "./contract.ts";
import { deliver, FakeStream } from "./fake-stream.test-support.ts";
import { frameMessage } from "./message-frame.ts";

interface Played {
  readonly stream: FakeStream;
  readonly heard: readonly string[];
  /** Bytes the peer sent before the call was over. */
  readonly spokenBytes: number;
  /** The service paused last and never resumed. */
  readonly paused: boolean;
  readonly observedEnds: number;
}

const FIELDS = [":method", "POST", ":path", "/t.S/M", "content-type", "application/grpc"];

function play(random: SeededRandom): Played {
  const stream = new FakeStream();
  const heard: string[] = [];
  let observedEnds = 0;
  let call: ServerCall | null = null;
  const open = (opened: ServerCall) => {
    call = opened;
    return {
      onMessage(bytes: Uint8Array, start: number, end: number) {
        heard.push(`message ${Buffer.from(bytes.subarray(start, end)).toString()}`);
        if (random.below(20) === 0) opened.end({ code: 0 });
        if (random.below(40) === 0) throw new Error("service");
      },
      onHalfClose: () => void heard.push("half-close"),
      onCancel: () => void heard.push("cancel"),
      onWritable: () => void heard.push("writable"),
    };
  };
  const acceptor = createGrpcAcceptor({
    services: [{ name: "t.S", methods: { M: { open } } }],
    observer: { callOpened() {}, callEnded: () => void observedEnds++, receiverFailed() {} },
  });
  const handler = acceptor.onStream(stream, FIELDS, false);
  return { stream, heard, ...takeSteps(random, handler, () => call), observedEnds };
}

/** Plays up to 40 steps of both sides; the peer keeps to HTTP/2 and says nothing after its end. */
function takeSteps(
  random: SeededRandom,
  handler: Http2StreamHandler,
  call: () => ServerCall | null,
): Pick<Played, "spokenBytes" | "paused"> {
  let wire = Buffer.concat(Array.from({ length: 20 }, (_, i) => frameMessage(Buffer.from(String(i)))));
  let spokenBytes = 0;
  let paused = false;
  let peerEnded = false;
  for (let step = 0; step < 40; step++) {
    switch (random.below(12)) {
      case 0:
        call()?.send(random.bytes(random.pick([0, 3, 20_000])));
        break;
      case 1:
        call()?.pause();
        paused = true;
        break;
      case 2:
        call()?.resume();
        paused = false;
        break;
      case 3:
        if (random.below(8) === 0) call()?.end({ code: random.below(17), message: "end" });
        break;
      case 4:
        call()?.sendMetadata([["x-a", "b"]]);
        break;
      case 5:
        if (peerEnded || random.below(4) > 0) break;
        peerEnded = true;
        handler.onEnd(null);
        break;
      case 6:
        if (random.below(20) > 0) break;
        handler.onReset(ErrorCode.CANCEL);
        return { spokenBytes, paused };
      case 7:
        handler.onWritable();
        break;
      default: {
        if (peerEnded || wire.length === 0) break;
        const piece = wire.subarray(0, 1 + random.below(30));
        wire = wire.subarray(piece.length);
        if (call()?.ended === false) spokenBytes += piece.length;
        deliver(handler, piece);
      }
    }
  }
  return { spokenBytes, paused };
}

test("whatever both sides do, a call keeps its order and ends at most once", () => {
  const random = seededRandom(31);
  for (let round = 0; round < 800; round++) {
    const { stream, heard, observedEnds } = play(random);
    const order = stream.sent.map((sent) => (sent.kind === "headers" && sent.endStream ? "only" : sent.kind)).join(" ");
    expect(order).toMatch(/^(only|(headers( data)*( trailers)?)?)$/);
    const ended = /only|trailers/.test(order) || heard.includes("cancel");
    expect(observedEnds).toBe(ended ? 1 : 0);
    const messages = heard.filter((event) => event.startsWith("message"));
    expect(messages).toEqual(messages.map((_, i) => `message ${i}`));
    expect(heard.indexOf("cancel")).toBeOneOf([-1, heard.length - 1]);
    const halfClose = heard.indexOf("half-close");
    expect(halfClose < 0 || heard.slice(halfClose).every((event) => !event.startsWith("message"))).toBe(true);
  }
});

test("all that arrives is given back to the peer's window, at the latest when a pause is over", () => {
  const random = seededRandom(32);
  for (let round = 0; round < 300; round++) {
    const { stream, spokenBytes, paused } = play(random);
    if (paused) expect(stream.consumed).toBeLessThanOrEqual(spokenBytes);
    else expect(stream.consumed).toBe(spokenBytes);
  }
});
