import { describe, expect, test } from "bun:test";
import { FrameReader, type FrameSink } from "./frame-reader.ts";

function frameBytes(type: number, flags: number, streamId: number, payload: string): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.set([type, flags], 3);
  bytes.writeUInt32BE(streamId, 5);
  bytes.write(payload, 9);
  return bytes;
}

/** Notes what it gets; stops before the frame number `stopAfter`. */
class Recorder implements FrameSink {
  readonly seen: string[] = [];
  readonly #stopAfter: number;
  constructor(stopAfter = Infinity) {
    this.#stopAfter = stopAfter;
  }
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    this.seen.push(`${type}/${flags}/${streamId}:${bytes.toString("latin1", start, end)}`);
    return this.seen.length < this.#stopAfter;
  }
  onFrameTooLong(type: number, length: number): void {
    this.seen.push(`too long: ${type} ${length}`);
  }
}

const FRAMES = Buffer.concat([
  frameBytes(0, 1, 3, "hello"),
  frameBytes(4, 0, 0, ""),
  frameBytes(1, 5, 0x7fffffff, "a header block"),
]);
const EXPECTED = ["0/1/3:hello", "4/0/0:", "1/5/2147483647:a header block"];

describe("frames are read", () => {
  test("from one chunk", () => {
    const sink = new Recorder();
    new FrameReader(100).read(FRAMES, sink);
    expect(sink.seen).toEqual(EXPECTED);
  });

  test("whatever two places the chunks are cut at", () => {
    for (let first = 0; first <= FRAMES.length; first++) {
      for (let second = first; second <= FRAMES.length; second++) {
        const sink = new Recorder();
        const reader = new FrameReader(100);
        reader.read(FRAMES.subarray(0, first), sink);
        reader.read(FRAMES.subarray(first, second), sink);
        reader.read(FRAMES.subarray(second), sink);
        expect(sink.seen).toEqual(EXPECTED);
      }
    }
  });

  test("byte by byte", () => {
    const sink = new Recorder();
    const reader = new FrameReader(100);
    for (let at = 0; at < FRAMES.length; at++) reader.read(FRAMES.subarray(at, at + 1), sink);
    expect(sink.seen).toEqual(EXPECTED);
  });

  test("without the reserved bit of the stream identifier", () => {
    const sink = new Recorder();
    new FrameReader(100).read(frameBytes(0, 0, 0x80000005, "x"), sink);
    expect(sink.seen).toEqual(["0/0/5:x"]);
  });
});

describe("reading ends", () => {
  test("when the sink says so, in a whole and in a cut frame", () => {
    for (const cut of [0, 4, 12]) {
      const sink = new Recorder(1);
      const reader = new FrameReader(100);
      reader.read(FRAMES.subarray(0, cut), sink);
      reader.read(FRAMES.subarray(cut), sink);
      expect(sink.seen).toEqual(EXPECTED.slice(0, 1));
    }
  });

  test("at a frame longer than allowed, before its payload has come", () => {
    for (const cut of [0, 2, 9]) {
      const sink = new Recorder();
      const reader = new FrameReader(100);
      const bytes = frameBytes(0, 0, 1, "x".repeat(101)).subarray(0, 9);
      reader.read(bytes.subarray(0, cut), sink);
      reader.read(bytes.subarray(cut), sink);
      expect(sink.seen).toEqual(["too long: 0 101"]);
    }
  });
});

describe("insideHeaderFrame", () => {
  const block = frameBytes(1, 4, 1, "block");
  const data = frameBytes(0, 0, 1, "block");

  test("holds while a HEADERS frame, or a frame of unknown type, is incomplete", () => {
    const states = [0, 1, 8, 9, 13, 14].map((cut) => {
      const reader = new FrameReader(100);
      reader.read(block.subarray(0, cut), new Recorder());
      return reader.insideHeaderFrame;
    });
    expect(states).toEqual([false, true, true, true, true, false]);
  });

  test("does not hold for an incomplete DATA frame", () => {
    const reader = new FrameReader(100);
    reader.read(data.subarray(0, 12), new Recorder());
    expect(reader.insideHeaderFrame).toBe(false);
  });
});
