import { describe, expect, test } from "bun:test";
import { ErrorCode } from "./contract.ts";
import { type ByteSink, OutputQueue } from "./output-queue.ts";

/** Takes what it is told to, then nothing. */
class Sink implements ByteSink {
  taken = Buffer.alloc(0);
  room: number;
  writes = 0;
  constructor(room = Infinity) {
    this.room = room;
  }
  write(bytes: Uint8Array, from: number, length: number): number {
    this.writes++;
    const count = Math.min(length, this.room);
    this.taken = Buffer.concat([this.taken, bytes.subarray(from, from + count)]);
    this.room -= count;
    return count;
  }
}

function written(write: (output: OutputQueue) => void): string {
  const output = new OutputQueue();
  const sink = new Sink();
  write(output);
  output.flush(sink);
  return sink.taken.toString("hex");
}

describe("frames on the wire", () => {
  test.each<[string, (output: OutputQueue) => void, string]>([
    ["DATA", (output) => output.writeData(5, Buffer.from("abcdef"), 2, 5, false), "000003 00 00 00000005 636465"],
    [
      "DATA that ends its stream",
      (output) => output.writeData(5, Buffer.from(""), 0, 0, true),
      "000000 00 01 00000005",
    ],
    ["HEADERS", (output) => output.writeHeaders(1, Buffer.from([0x88]), 16_384, false), "000001 01 04 00000001 88"],
    [
      "HEADERS that end",
      (output) => output.writeHeaders(1, Buffer.from([0x88]), 16_384, true),
      "000001 01 05 00000001 88",
    ],
    [
      "a block in three frames",
      (output) => output.writeHeaders(1, Buffer.from([1, 2, 3, 4, 5]), 2, true),
      "000002 01 01 00000001 0102 000002 09 00 00000001 0304 000001 09 04 00000001 05",
    ],
    ["RST_STREAM", (output) => output.writeReset(7, ErrorCode.CANCEL), "000004 03 00 00000007 00000008"],
    ["WINDOW_UPDATE", (output) => output.writeWindowUpdate(0, 0x7fffffff), "000004 08 00 00000000 7fffffff"],
    [
      "SETTINGS",
      (output) => output.writeSettings(Buffer.from([0, 3, 0, 0, 0, 9])),
      "000006 04 00 00000000 000300000009",
    ],
    ["a SETTINGS acknowledgement", (output) => output.writeSettingsAck(), "000000 04 01 00000000"],
    [
      "PING",
      (output) => output.writePing(Buffer.from("x12345678"), 1, false),
      "000008 06 00 00000000 3132333435363738",
    ],
    [
      "a PING acknowledgement",
      (output) => output.writePing(Buffer.from("12345678"), 0, true),
      "000008 06 01 00000000 3132333435363738",
    ],
    [
      "GOAWAY",
      (output) => output.writeGoaway(3, ErrorCode.ENHANCE_YOUR_CALM, "no"),
      "00000a 07 00 00000000 00000003 0000000b 6e6f",
    ],
  ])("%s", (_what, write, hex) => {
    expect(written(write)).toBe(hex.replaceAll(" ", ""));
  });
});

describe("the queue", () => {
  test("hands everything gathered over in one write", () => {
    const output = new OutputQueue();
    const sink = new Sink();
    for (let id = 1; id < 2_000; id += 2) output.writeData(id, Buffer.alloc(100, id), 0, 100, false);
    expect(output.pendingBytes).toBe(109_000);
    expect(output.flush(sink)).toBe(109_000);
    expect([sink.writes, sink.taken.length, output.pendingBytes, output.blocked]).toEqual([1, 109_000, 0, false]);
  });

  test("keeps what the socket does not take, in order, while more is gathered", () => {
    const output = new OutputQueue();
    const sink = new Sink(0);
    let expected = "";
    for (let round = 0; round < 300; round++) {
      output.writeData(1, Buffer.alloc(round, round), 0, round, false);
      expected += written((other) => other.writeData(1, Buffer.alloc(round, round), 0, round, false));
      sink.room = round % 7 === 0 ? 500 : 3;
      output.flush(sink);
    }
    expect(output.blocked).toBe(true);
    sink.room = Infinity;
    output.flush(sink);
    expect([output.blocked, output.pendingBytes]).toEqual([false, 0]);
    expect(sink.taken.toString("hex")).toBe(expected);
  });

  test("forgets everything when the socket is closed", () => {
    const output = new OutputQueue();
    output.writeSettingsAck();
    expect(output.flush({ write: () => -1 })).toBe(-1);
    expect(output.pendingBytes).toBe(0);
  });

  test("does not bother the socket with nothing", () => {
    const sink = new Sink();
    expect([new OutputQueue().flush(sink), sink.writes]).toEqual([0, 0]);
  });
});

describe("the last frame", () => {
  function withMarkedTrailers(): { output: OutputQueue; before: number } {
    const output = new OutputQueue();
    output.writeData(1, Buffer.from("body"), 0, 4, false);
    const before = output.pendingBytes;
    output.writeHeaders(1, Buffer.from([0xbe]), 16_384, true);
    output.markLast(1);
    return { output, before };
  }

  test("can be taken back once, by its own stream", () => {
    const { output, before } = withMarkedTrailers();
    output.takeBack(3);
    expect(output.pendingBytes).toBeGreaterThan(before);
    output.takeBack(1);
    output.takeBack(1);
    expect(output.pendingBytes).toBe(before);
  });

  test("stays when something follows it", () => {
    const { output } = withMarkedTrailers();
    output.writeSettingsAck();
    const { pendingBytes } = output;
    output.takeBack(1);
    expect(output.pendingBytes).toBe(pendingBytes);
  });

  test("stays when some of it has left", () => {
    for (const left of [13, 14, 22, 23]) {
      const { output } = withMarkedTrailers();
      output.flush(new Sink(left));
      const { pendingBytes } = output;
      output.takeBack(1);
      expect(output.pendingBytes).toBe(left === 13 ? 0 : pendingBytes);
    }
  });
});
