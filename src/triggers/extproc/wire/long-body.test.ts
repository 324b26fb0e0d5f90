import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../protobuf/seeded-random.test-support.ts";
import { WireWriter } from "../../../protobuf/writer.ts";
import { type BodyUse, findLongBody, type LongBody, type LongBodyOwner, LongBodyParts } from "./long-body.ts";
import { Phase, ProcessingRequestReader } from "./processing-request.ts";

const writer = new WireWriter();

function encode(phase: number, body: Uint8Array, endOfStream: boolean, behind: Uint8Array): Uint8Array {
  writer.begin();
  const mark = writer.open((phase << 3) | 2, body.length);
  writer.bytes(0x0a, body);
  if (endOfStream) writer.bool(0x10, true);
  writer.close(mark);
  writer.raw(behind);
  return Uint8Array.from(writer.finish());
}

/** Gives the message in parts cut at random, each in a chunk with other bytes around it. */
function receive(message: Uint8Array, firstBytes: number, nextBytes: () => number, use: BodyUse = "parts") {
  const first = chunkOf(message, 0, firstBytes);
  const found = findLongBody(first.bytes, first.start, first.end, message.length);
  if (found === null) return null;
  const pieces: Uint8Array[] = [];
  const reader = new ProcessingRequestReader();
  const owner: LongBodyOwner = {
    onBodyPart: (phase, bytes) => {
      expect(phase).toBe(found.phase);
      pieces.push(bytes);
    },
    onBodyEnd: (rest, bytes) => {
      reader.read(rest, 0, rest.length);
      reader.takeBody(bytes);
      pieces.push(reader.body());
    },
  };
  const parts = new LongBodyParts(found, owner, use);
  let at = firstBytes;
  const isDone = [parts.onPart(first.bytes, first.start, first.end, at === message.length)];
  if (isDone[0] === true) first.bytes.fill(0xff);
  while (at < message.length) {
    const { bytes, start, end } = chunkOf(message, at, Math.min(message.length, at + nextBytes()));
    at += end - start;
    isDone.push(parts.onPart(bytes, start, end, at === message.length));
    if (isDone.at(-1) === true) bytes.fill(0xff); // whoever looks at it again sees something else
  }
  expect(new Set(isDone)).toEqual(new Set([use !== "parts"]));
  return { pieces, reader };
}

function chunkOf(message: Uint8Array, from: number, to: number): { bytes: Uint8Array; start: number; end: number } {
  const bytes = Buffer.concat([Buffer.from("before"), message.subarray(from, to), Buffer.from("behind")]);
  return { bytes, start: 6, end: bytes.length - 6 };
}

describe("a body taken in parts", () => {
  test("is the same as the message read whole, however it is cut", () => {
    const random = seededRandom(3);
    const whole = new ProcessingRequestReader();
    for (let round = 0; round < 40; round++) {
      const phase = random.pick([Phase.REQUEST_BODY, Phase.RESPONSE_BODY]);
      const body = random.bytes(random.pick([20, 200, 70_000, 131_072, 150_000]));
      const behind = random.pick([Buffer.alloc(0), Buffer.from([0x50, 1]), Buffer.from([0x4a, 3, 0x0a, 1, 0x61])]);
      const message = encode(phase, body, random.below(2) === 1, behind);
      whole.read(message, 0, message.length);
      const use = random.pick<BodyUse>(["whole", "parts"]);
      const found = receive(message, 12 + random.below(message.length - 12), () => 1 + random.below(20_000), use);
      expect(found).not.toBeNull();
      if (found === null) continue;
      expect(Buffer.compare(Buffer.concat(found.pieces), body)).toBe(0);
      const { phase: phaseFound, endOfStream, observability } = found.reader;
      expect([phaseFound, endOfStream, observability]).toEqual([phase, whole.endOfStream, whole.observability]);
      const spans = (reader: ProcessingRequestReader) =>
        reader.attributes()?.map((span) => Buffer.from(span.bytes.subarray(span.start, span.end)).toString("hex"));
      expect(spans(found.reader)).toEqual(spans(whole));
    }
  });

  test("is not copied where its parts are used", () => {
    const message = encode(Phase.RESPONSE_BODY, new Uint8Array(100), true, Buffer.alloc(0));
    const found = findLongBody(message, 0, 50, message.length);
    const pieces: Uint8Array[] = [];
    const take = (_: unknown, bytes: Uint8Array) => void pieces.push(bytes);
    const parts = found === null ? null : new LongBodyParts(found, { onBodyPart: take, onBodyEnd: take }, "parts");
    parts?.onPart(message, 0, 50, false);
    parts?.onPart(message, 50, message.length, true);
    expect(pieces.map(({ buffer, length }) => [buffer === message.buffer, length])).toEqual([
      [true, 46],
      [true, 54],
    ]);
  });

  test("comes in one piece of just its length when that is wanted", () => {
    const random = seededRandom(5);
    for (const bytes of [20, 70_000, 5_000_000]) {
      const body = random.bytes(bytes);
      const message = encode(Phase.RESPONSE_BODY, body, true, Buffer.alloc(0));
      const found = receive(message, 15, () => 16_384, "whole");
      expect(found?.pieces.map((piece) => [piece.length, piece.buffer.byteLength])).toEqual([[bytes, bytes]]);
      expect(Buffer.compare(found?.pieces[0] ?? Buffer.alloc(0), body)).toBe(0);
    }
  });

  test("is passed over when none of it is wanted", () => {
    const message = encode(Phase.REQUEST_BODY, new Uint8Array(70_000), true, Buffer.alloc(0));
    const found = receive(message, 16_384, () => 16_384, "nothing");
    expect(found?.pieces.map(({ length }) => length)).toEqual([0]);
    expect([found?.reader.phase, found?.reader.endOfStream]).toEqual([Phase.REQUEST_BODY, true]);
  });

  test("gives its last bytes with what the message says behind them", () => {
    const message = encode(Phase.RESPONSE_BODY, new Uint8Array(131_072), true, Buffer.alloc(0));
    const found = receive(message, 65_536, () => 65_536);
    expect(found?.pieces.map(({ length }) => length)).toEqual([65_528, 65_536, 8]);
    expect(found?.reader.endOfStream).toBe(true);
  });

  test.each<[string, Uint8Array, number]>([
    ["headers", encode(Phase.REQUEST_HEADERS, new Uint8Array(100), false, Buffer.alloc(0)), 50],
    ["another field before the body", Buffer.from([0x22, 90, 0x10, 1, 0x0a, 86, ...new Uint8Array(86)]), 50],
    ["a body longer than its phase", Buffer.from([0x22, 20, 0x0a, 86, ...new Uint8Array(96)]), 50],
    ["a phase longer than its message", Buffer.from([0x22, 120, 0x0a, 86, ...new Uint8Array(96)]), 50],
    [
      "far more behind the body than a proxy has to say",
      Buffer.from([0x22, 4, 0x0a, 2, ...new Uint8Array(70_000)]),
      50,
    ],
    ["too little to know", encode(Phase.REQUEST_BODY, new Uint8Array(100), false, Buffer.alloc(0)), 11],
  ])("is not looked for in %s", (_what, message, firstBytes) => {
    const first = chunkOf(message, 0, firstBytes);
    const found: LongBody | null = findLongBody(first.bytes, first.start, first.end, message.length);
    expect(found).toBeNull();
  });
});
