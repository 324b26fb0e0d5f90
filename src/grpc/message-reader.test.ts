import { describe, expect, test } from "bun:test";
import { seededRandom } from "../protobuf/seeded-random.test-support.ts";
import { frameMessage } from "./message-frame.ts";
import { MessageReader, type MessageSink } from "./message-reader.ts";

class Recorder implements MessageSink {
  readonly messages: Uint8Array[] = [];
  readonly skipped: number[] = [];
  limit = Infinity;

  /** The length from which on messages are taken in parts. */
  partsFrom = Infinity;
  readonly parts: Uint8Array[] = [];

  takesParts(_flag: number, length: number): boolean {
    return length >= this.partsFrom;
  }

  /** Parts are kept as they come, or copied. */
  keepsParts = true;

  takePart(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    const part = bytes.subarray(start, end);
    this.parts.push(this.keepsParts ? part : new Uint8Array(part));
    if (isLast) this.messages.push(Buffer.concat(this.parts.splice(0)));
    return !this.keepsParts;
  }

  acceptMessage(_flag: number, length: number): boolean {
    if (length <= this.limit) return true;
    this.skipped.push(length);
    return false;
  }

  takeMessage(_flag: number, bytes: Uint8Array, start: number, end: number): void {
    this.messages.push(bytes.subarray(start, end));
  }
}

function prefix(length: number): Uint8Array {
  return Uint8Array.of(0, length >>> 24, length >>> 16, length >>> 8, length);
}

function push(reader: MessageReader, bytes: Uint8Array): boolean {
  return reader.push(bytes, 0, bytes.length);
}

describe("MessageReader", () => {
  test("finds the same messages in any split of the bytes", () => {
    const random = seededRandom(11);
    for (let round = 0; round < 40; round++) {
      const messages = Array.from({ length: random.below(6) }, () => random.bytes(random.pick([0, 1, 5, 300, 70_000])));
      const wire = Buffer.concat(messages.map(frameMessage));
      const recorder = new Recorder();
      recorder.partsFrom = random.pick([1, 300, Infinity]);
      recorder.keepsParts = random.below(2) === 0;
      const reader = new MessageReader(recorder);
      const longest = random.pick([1, 7, 4096, 70_000]);
      for (let at = 0; at < wire.length;) {
        const stop = Math.min(wire.length, at + 1 + random.below(longest));
        if (reader.push(wire, at, stop)) wire.fill(0xff, at, stop); // whoever looks at it again sees something else
        at = stop;
      }
      expect(recorder.messages.length).toBe(messages.length);
      expect(recorder.messages.every((message, i) => Buffer.compare(message, messages[i] ?? Buffer.of()) === 0)).toBe(
        true,
      );
      expect(reader.midMessage).toBe(false);
    }
  });

  test("gives a message that lies in one chunk as a view of it", () => {
    const recorder = new Recorder();
    const chunk = Buffer.concat([frameMessage(Buffer.from("ab")), frameMessage(Buffer.from("cde"))]);
    new MessageReader(recorder).push(chunk, 0, chunk.length);
    expect(recorder.messages.map((message) => [message.buffer === chunk.buffer, message.length])).toEqual([
      [true, 2],
      [true, 3],
    ]);
  });

  test("is done with what it gathered, skipped or gave away in parts that are not kept", () => {
    const message = frameMessage(Buffer.alloc(100));
    const halves = (recorder: Recorder): boolean[] => {
      const reader = new MessageReader(recorder);
      return [push(reader, message.subarray(0, 50)), push(reader, message.subarray(50))];
    };
    expect(push(new MessageReader(new Recorder()), message)).toBe(false);
    expect(halves(new Recorder())).toEqual([true, true]);
    expect(halves(Object.assign(new Recorder(), { limit: 10 }))).toEqual([true, true]);
    expect(halves(Object.assign(new Recorder(), { partsFrom: 1 }))).toEqual([false, false]);
    expect(halves(Object.assign(new Recorder(), { partsFrom: 1, keepsParts: false }))).toEqual([true, true]);
  });

  test("skips what is not accepted and goes on with the next message", () => {
    const recorder = new Recorder();
    recorder.limit = 10;
    const reader = new MessageReader(recorder);
    push(reader, prefix(1000));
    for (let i = 0; i < 10; i++) push(reader, new Uint8Array(100));
    push(reader, frameMessage(Buffer.from("next")));
    expect(recorder.skipped).toEqual([1000]);
    expect(recorder.messages.map(String)).toEqual(["next"]);
  });

  test("takes no memory for a message that is only announced", () => {
    const before = process.memoryUsage().rss;
    const readers = Array.from({ length: 512 }, () => new MessageReader(new Recorder()));
    for (const reader of readers) push(reader, Buffer.concat([prefix(16 * 1024 * 1024), Buffer.of(1)]));
    expect(readers.every((reader) => reader.midMessage)).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("knows whether the bytes ended inside a message", () => {
    const reader = new MessageReader(new Recorder());
    const states: boolean[] = [reader.midMessage];
    for (const byte of [0, 0, 0, 0, 1, 7]) {
      push(reader, Uint8Array.of(byte));
      states.push(reader.midMessage);
    }
    expect(states).toEqual([false, true, true, true, true, true, false]);
  });

  test("stops within a chunk when its sink says so", () => {
    const taken: string[] = [];
    const reader: MessageReader = new MessageReader({
      acceptMessage: () => true,
      takesParts: () => false,
      takePart: () => true,
      takeMessage(_flag, bytes, start, end) {
        taken.push(String(bytes.subarray(start, end)));
        reader.stop();
      },
    });
    push(reader, Buffer.concat([frameMessage(Buffer.from("one")), frameMessage(Buffer.from("two"))]));
    expect(taken).toEqual(["one"]);
  });

  test("survives random bytes with a bounded buffer", () => {
    const random = seededRandom(12);
    for (let round = 0; round < 300; round++) {
      const recorder = new Recorder();
      recorder.limit = 1 << random.below(24);
      const reader = new MessageReader(recorder);
      let received = 0;
      for (let count = random.below(30); count > 0; count--) {
        const chunk = random.bytes(1 + random.below(200));
        // Half of the rounds have small lengths, so that messages end.
        if (round % 2 === 0) chunk.fill(0, 0, 4);
        received += chunk.length;
        push(reader, chunk);
      }
      const taken = recorder.messages.reduce((sum, message) => sum + message.length, 0);
      expect(taken).toBeLessThanOrEqual(received);
      expect(recorder.messages.every((message) => message.length <= recorder.limit)).toBe(true);
    }
  });
});
