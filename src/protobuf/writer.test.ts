import { describe, expect, test } from "bun:test";
import protobuf from "protobufjs/light.js";
import { seededRandom, type SeededRandom } from "./seeded-random.test-support.ts";
import { fieldTag, WireType } from "./wire-type.ts";
import { varintBytes, WireWriter } from "./writer.ts";

const texts = [
  "",
  "a",
  "héllo",
  "日本語",
  "👩‍🚀",
  "x".repeat(23),
  "é".repeat(24),
  "ü".repeat(70),
  "y".repeat(5000),
] as const;

/** Writes the same random fields with both writers. */
function writeRandomFields(random: SeededRandom, ours: WireWriter, oracle: protobuf.Writer, depth: number): void {
  for (let count = random.below(6); count > 0; count--) {
    const number = random.pick([1, 15, 16, 2047, 2048, 536870911]);
    const varint = fieldTag(number, WireType.VARINT);
    const delimited = fieldTag(number, WireType.DELIMITED);
    switch (random.below(9)) {
      case 0: {
        const value = random.below(0x1_0000_0000) >>> random.below(32);
        ours.uint32(varint, value);
        oracle.uint32(varint).uint32(value);
        break;
      }
      case 1: {
        const value = BigInt.asIntN(64, random.bigint64() >> BigInt(random.below(64)));
        ours.int64(varint, value);
        oracle.uint32(varint).int64(value.toString());
        break;
      }
      case 2: {
        const value = random.below(0x1_0000_0000) | 0;
        ours.int32(varint, value);
        oracle.uint32(varint).int32(value);
        break;
      }
      case 3: {
        const value = random.below(2) === 1;
        ours.bool(varint, value);
        oracle.uint32(varint).bool(value);
        break;
      }
      case 4: {
        const value = random.next() * 1e9;
        ours.double(fieldTag(number, WireType.FIXED64), value);
        oracle.uint32(fieldTag(number, WireType.FIXED64)).double(value);
        break;
      }
      case 5: {
        const value = random.pick(texts);
        ours.string(delimited, value);
        oracle.uint32(delimited).string(value);
        break;
      }
      case 6: {
        const value = random.bytes(random.pick([0, 3, 127, 128, 20000]));
        if (random.below(2) === 0) ours.bytes(delimited, value);
        else ours.latin1(delimited, Buffer.from(value).toString("latin1"));
        oracle.uint32(delimited).bytes(value);
        break;
      }
      case 7:
        ours.empty(delimited);
        oracle.uint32(delimited).fork().ldelim();
        break;
      default: {
        if (depth === 4) break;
        const mark = ours.open(delimited, random.pick([0, 1, 127, 128, 20000, 3_000_000]));
        oracle.uint32(delimited).fork();
        writeRandomFields(random, ours, oracle, depth + 1);
        ours.close(mark);
        oracle.ldelim();
      }
    }
  }
}

describe("WireWriter", () => {
  test("writes the bytes that protobufjs writes, for any nesting and any guess of the length", () => {
    const random = seededRandom(7);
    const writer = new WireWriter();
    for (let round = 0; round < 600; round++) {
      const oracle = protobuf.Writer.create();
      writer.begin();
      writeRandomFields(random, writer, oracle, 0);
      expect(Buffer.compare(writer.finish(), oracle.finish())).toBe(0);
    }
  });

  test("leaves earlier messages alone while it writes later ones", () => {
    const writer = new WireWriter();
    const messages: Uint8Array[] = [];
    for (let round = 0; round < 3000; round++) {
      writer.begin();
      writer.string(0x0a, `message ${round} `.padEnd(20 + (round % 300), "."));
      messages.push(writer.finish());
    }
    for (const [round, message] of messages.entries()) {
      const text = Buffer.from(message.subarray(message[1] === undefined || message[1] < 0x80 ? 2 : 3)).toString();
      expect(text).toBe(`message ${round} `.padEnd(20 + (round % 300), "."));
    }
  });

  test("keeps reserved zero bytes in front of the message", () => {
    const writer = new WireWriter();
    writer.begin();
    writer.bytes(0x0a, new Uint8Array(300).fill(0xff));
    writer.begin(5);
    writer.uint32(0x08, 1);
    expect(writer.length).toBe(7);
    expect(writer.finish()).toEqual(Buffer.from([0, 0, 0, 0, 0, 8, 1]));
  });

  test("drops a message that was begun and not finished", () => {
    const writer = new WireWriter();
    writer.begin();
    writer.uint32(0x08, 1);
    writer.begin();
    writer.raw(Uint8Array.of(0x10, 2));
    expect(writer.finish()).toEqual(Buffer.from([0x10, 2]));
  });

  test("grows to a message larger than its slab", () => {
    const body = new Uint8Array(5_000_000).fill(7);
    const writer = new WireWriter();
    writer.begin();
    const mark = writer.open(0x0a);
    writer.bytes(0x0a, body);
    writer.bool(0x10, true);
    writer.close(mark);
    const oracle = protobuf.Writer.create()
      .uint32(0x0a)
      .fork()
      .uint32(0x0a)
      .bytes(body)
      .uint32(0x10)
      .bool(true)
      .ldelim();
    expect(Buffer.compare(writer.finish(), oracle.finish())).toBe(0);
  });

  test("counts a value that follows the message in all lengths, without taking it in", () => {
    const writer = new WireWriter();
    for (const length of [1, 110, 128, 16_384, 3_000_000]) {
      const value = new Uint8Array(length).fill(7);
      const oracle = protobuf.Writer.create().uint32(0x08).bool(true).uint32(0x12).fork().uint32(0x0a).fork();
      oracle.uint32(0x10).bool(true).uint32(0x0a).bytes(value).ldelim().ldelim();
      for (const expected of [0, length, 3_000_000]) {
        writer.begin(5);
        writer.bool(0x08, true);
        const outer = writer.open(0x12, expected);
        const inner = writer.open(0x0a, expected);
        writer.bool(0x10, true);
        writer.followedBy(0x0a, length);
        writer.close(inner);
        writer.close(outer);
        const announced = writer.length;
        const sent = Buffer.concat([writer.finish().subarray(5), value]);
        expect([announced, Buffer.compare(sent, oracle.finish())]).toEqual([5 + sent.length, 0]);
      }
    }
    writer.begin();
    writer.bool(0x08, true);
    expect([writer.length, writer.finish().length]).toEqual([2, 2]);
  });

  test("writes a lone surrogate as the replacement character", () => {
    const writer = new WireWriter();
    writer.begin();
    writer.string(0x0a, "a\ud800b");
    expect(writer.finish()).toEqual(Buffer.from([0x0a, 5, 0x61, 0xef, 0xbf, 0xbd, 0x62]));
  });

  test("counts the bytes of a varint", () => {
    const values = [0, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456, 0xffff_ffff];
    expect(values.map(varintBytes)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  });
});
