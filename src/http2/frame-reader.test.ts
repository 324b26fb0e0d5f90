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

/** Notes what it gets, a DATA frame that comes as several as one; stops before the frame number `stopAfter`. */
class Recorder implements FrameSink {
  readonly seen: string[] = [];
  /** Lengths of the DATA frames, as they came. */
  readonly dataBytes: number[] = [];
  #data = "";
  readonly #stopAfter: number;
  constructor(stopAfter = Infinity) {
    this.#stopAfter = stopAfter;
  }
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    let payload = bytes.toString("latin1", start, end);
    if (type === 0) {
      this.dataBytes.push(end - start);
      payload = this.#data + payload;
      this.#data = flags === 0 ? payload : "";
      if (flags === 0) return true;
    }
    this.seen.push(`${type}/${flags}/${streamId}:${payload}`);
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
    new FrameReader(100).read(frameBytes(0, 1, 0x80000005, "x"), sink);
    expect(sink.seen).toEqual(["0/1/5:x"]);
  });
});

describe("a DATA frame cut by the end of a chunk", () => {
  const bytes = Buffer.concat([frameBytes(0, 1, 3, "hello"), frameBytes(4, 0, 0, "")]);

  test.each([
    [9, [5]],
    [10, [1, 4]],
    [13, [4, 1]],
    [14, [5]],
  ])("behind byte %i comes as it arrives, never empty", (cut, dataBytes) => {
    const sink = new Recorder();
    const reader = new FrameReader(100);
    reader.read(bytes.subarray(0, cut), sink);
    reader.read(bytes.subarray(cut), sink);
    expect(sink.dataBytes).toEqual(dataBytes);
    expect(sink.seen).toEqual(["0/1/3:hello", "4/0/0:"]);
  });

  test("comes whole when it is padded or empty", () => {
    for (const frame of [frameBytes(0, 9, 3, "\x02hi\0\0"), frameBytes(0, 1, 3, "")]) {
      const whole = new Recorder();
      new FrameReader(100).read(frame, whole);
      for (let cut = 0; cut < frame.length; cut++) {
        const sink = new Recorder();
        const reader = new FrameReader(100);
        reader.read(frame.subarray(0, cut), sink);
        reader.read(frame.subarray(cut), sink);
        expect([sink.seen, sink.dataBytes]).toEqual([whole.seen, whole.dataBytes]);
      }
    }
  });
});

describe("reading ends", () => {
  test("when the sink says so, in a whole and in a cut frame", () => {
    const frames = Buffer.concat([frameBytes(1, 5, 3, "block"), FRAMES]);
    for (const cut of [0, 4, 12]) {
      const sink = new Recorder(1);
      const reader = new FrameReader(100);
      reader.read(frames.subarray(0, cut), sink);
      reader.read(frames.subarray(cut), sink);
      expect(sink.seen).toEqual(["1/5/3:block"]);
    }
  });

  test("in the middle of a cut DATA frame", () => {
    const seen: string[] = [];
    const reader = new FrameReader(100);
    const sink: FrameSink = {
      onFrame: (_type, flags, _streamId, bytes, start, end) => {
        seen.push(`${flags}:${bytes.toString("latin1", start, end)}`);
        return seen.length < 2;
      },
      onFrameTooLong: () => {},
    };
    for (const chunk of [FRAMES.subarray(0, 11), FRAMES.subarray(11)]) reader.read(chunk, sink);
    expect(seen).toEqual(["0:he", "1:llo"]);
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
