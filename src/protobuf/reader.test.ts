import { describe, expect, test } from "bun:test";
import protobuf from "protobufjs/light.js";
import { MAX_DEPTH, WireReader } from "./reader.ts";
import { seededRandom } from "./seeded-random.test-support.ts";
import { WireError } from "./wire-error.ts";
import { fieldTag, WireType } from "./wire-type.ts";

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** What a reader does with the bytes: the value or the code of its error. */
function outcome<T>(input: Uint8Array, read: (reader: WireReader) => T): T | string {
  try {
    return read(new WireReader(input));
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

describe("WireReader", () => {
  test("reads the varints that protobufjs writes, whatever their size", () => {
    const random = seededRandom(1);
    for (let round = 0; round < 2000; round++) {
      const value = BigInt.asUintN(64, random.bigint64() >> BigInt(random.below(64)));
      const encoded = protobuf.Writer.create().uint64(value.toString()).finish();
      expect(new WireReader(encoded).uint64()).toBe(value);
      expect(new WireReader(encoded).int64()).toBe(BigInt.asIntN(64, value));
      expect(new WireReader(encoded).int64Number()).toBe(Number(BigInt.asIntN(64, value)));
      expect(new WireReader(encoded).uint32()).toBe(Number(BigInt.asUintN(32, value)));
      expect(new WireReader(encoded).int32()).toBe(Number(BigInt.asIntN(32, value)));
      expect(new WireReader(encoded).bool()).toBe(value !== 0n);
    }
  });

  test("reads fixed values and doubles", () => {
    const random = seededRandom(2);
    for (let round = 0; round < 500; round++) {
      const double = (random.next() - 0.5) * 10 ** (random.below(600) - 300);
      const fixed = random.below(0x1_0000_0000);
      const encoded = protobuf.Writer.create().double(double).fixed32(fixed).fixed64(fixed).finish();
      const reader = new WireReader(encoded);
      expect([reader.double(), reader.fixed32(), reader.fixed64()]).toEqual([double, fixed, BigInt(fixed)]);
    }
  });

  test("gives bytes as a view of the array and text as UTF-8 or Latin-1", () => {
    const input = bytes(2, 0xc3, 0xa9, 2, 0xc3, 0xa9, 2, 0xc3, 0xa9);
    const reader = new WireReader(input);
    const view = reader.view();
    expect([view.buffer === input.buffer, view.byteOffset, view.length]).toEqual([true, 1, 2]);
    expect(reader.string()).toBe("é");
    expect(reader.latin1()).toBe("Ã©");
    expect(reader.position).toBe(reader.end);
  });

  test("stays inside a nested message and goes on behind it when it was left early", () => {
    // field 1 { field 1 = 7, field 2 = 9 }, field 3 = 5
    const reader = new WireReader(bytes(0x0a, 4, 0x08, 7, 0x10, 9, 0x18, 5));
    expect(reader.tag()).toBe(0x0a);
    const outer = reader.enter();
    expect(reader.end).toBe(6);
    expect([reader.tag(), reader.uint32()]).toEqual([0x08, 7]);
    reader.leave(outer);
    expect([reader.tag(), reader.uint32(), reader.position === reader.end]).toEqual([0x18, 5, true]);
  });

  test("does not read a value behind the end of the nested message it stands in", () => {
    const reader = new WireReader(bytes(0x0a, 1, 0x08, 7, 7));
    reader.tag();
    reader.enter();
    reader.tag();
    expect(() => reader.uint32()).toThrow("TRUNCATED");
  });

  test("skips unknown fields of every wire type, groups with groups in them included", () => {
    const writer = protobuf.Writer.create();
    writer.uint32(fieldTag(1, WireType.VARINT)).uint64(2 ** 50);
    writer.uint32(fieldTag(2, WireType.FIXED64)).double(1);
    writer.uint32(fieldTag(3, WireType.DELIMITED)).string("abc");
    writer.uint32(fieldTag(4, WireType.START_GROUP)).uint32(fieldTag(5, WireType.START_GROUP));
    writer.uint32(fieldTag(6, WireType.DELIMITED)).string("deep");
    writer.uint32(fieldTag(5, WireType.END_GROUP)).uint32(fieldTag(4, WireType.END_GROUP));
    writer.uint32(fieldTag(536870911, WireType.FIXED32)).fixed32(1);
    writer.uint32(fieldTag(9, WireType.VARINT)).uint32(42);
    const reader = new WireReader(writer.finish());
    const seen: number[] = [];
    for (let tag = reader.tag(); tag !== fieldTag(9, WireType.VARINT); tag = reader.tag()) {
      seen.push(tag >>> 3);
      reader.skip(tag);
    }
    expect(seen).toEqual([1, 2, 3, 4, 536870911]);
    expect(reader.uint32()).toBe(42);
  });

  test("names what is wrong", () => {
    const table: [Uint8Array, (reader: WireReader) => unknown, string][] = [
      [bytes(), (r) => r.tag(), "TRUNCATED"],
      [bytes(0x80), (r) => r.uint32(), "TRUNCATED"],
      [bytes(1, 2, 3), (r) => r.fixed32(), "TRUNCATED"],
      [bytes(1, 2, 3, 4, 5, 6, 7), (r) => r.double(), "TRUNCATED"],
      [bytes(5, 1, 2), (r) => r.view(), "TRUNCATED"],
      [bytes(0xff, 0xff, 0xff, 0xff, 0x0f), (r) => r.string(), "TRUNCATED"],
      // a length of 2^32 + 1, whose low half alone would fit
      [bytes(0x81, 0x80, 0x80, 0x80, 0x10, 1), (r) => r.view(), "TRUNCATED"],
      [new Uint8Array(11).fill(0x80), (r) => r.int64(), "VARINT_TOO_LONG"],
      [bytes(0), (r) => r.tag(), "BAD_TAG"],
      [bytes(0x0e), (r) => r.tag(), "BAD_TAG"],
      [bytes(0x88, 0x80, 0x80, 0x80, 0x10), (r) => r.tag(), "BAD_TAG"],
      [bytes(0x0c), (r) => r.skip(r.tag()), "BAD_GROUP"],
      [bytes(0x0b, 0x14), (r) => r.skip(r.tag()), "BAD_GROUP"],
      [bytes(0x0b), (r) => r.skip(r.tag()), "TRUNCATED"],
    ];
    expect(table.map(([input, read]) => outcome(input, read))).toEqual(table.map(([, , code]) => code));
  });

  test("bounds the depth of messages and of groups", () => {
    expect(outcome(new Uint8Array(500).fill(0x0b), (r) => r.skip(r.tag()))).toBe("TOO_DEEP");
    const nested: number[] = [];
    for (let depth = 0; depth <= MAX_DEPTH; depth++) nested.unshift(Math.min(nested.length, 127));
    expect(
      outcome(Uint8Array.from(nested), (r) => {
        for (;;) r.enter();
      }),
    ).toBe("TOO_DEEP");
  });

  test("starts over with other bytes after an error", () => {
    const reader = new WireReader(bytes(0x0b, 0x0b));
    expect(() => reader.skip(reader.tag())).toThrow(WireError);
    reader.reset(bytes(9, 9, 0x08, 3, 9), 2, 4);
    expect([reader.tag(), reader.uint32(), reader.position, reader.end]).toEqual([0x08, 3, 4, 4]);
  });
});
