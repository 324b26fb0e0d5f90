import { describe, expect, test } from "bun:test";
import { readInteger, writeInteger } from "./integer.ts";

function written(pattern: number, prefixMask: number, value: number): string {
  const bytes = Buffer.alloc(8);
  return bytes.subarray(0, writeInteger(bytes, 0, pattern, prefixMask, value)).toString("hex");
}

function read(hex: string, prefixMask: number): { value: number; at: number } {
  const bytes = Buffer.from(hex, "hex");
  const cursor = { bytes, at: 0, end: bytes.length };
  return { value: readInteger(cursor, prefixMask), at: cursor.at };
}

describe("integers", () => {
  test("the examples of RFC 7541 C.1", () => {
    expect([written(0, 0x1f, 10), written(0, 0x1f, 1337), written(0, 0xff, 42)]).toEqual(["0a", "1f9a0a", "2a"]);
  });

  test("come back as they were written, whatever the prefix", () => {
    for (const mask of [0x0f, 0x1f, 0x3f, 0x7f]) {
      for (const value of [0, 1, mask - 1, mask, mask + 1, mask + 127, mask + 128, 16_383, 65_536, 0x7fffffff]) {
        const hex = written(0, mask, value);
        expect(read(`${hex}ff`, mask)).toEqual({ value, at: hex.length / 2 });
      }
    }
  });

  test("the bits before the prefix are kept on writing and ignored on reading", () => {
    expect(written(0x80, 0x7f, 3)).toBe("83");
    expect(read("e3", 0x1f).value).toBe(3);
  });

  test.each([
    ["nothing", ""],
    ["a cut continuation", "1f80"],
    ["more than 2^31-1", "1fe1ffffff07"],
    ["endless zeros", "1f808080808000"],
  ])("%s is refused", (_what, hex) => {
    expect(read(hex, 0x1f).value).toBe(-1);
  });
});
