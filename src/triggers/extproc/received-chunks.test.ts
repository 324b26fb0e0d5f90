import { describe, expect, test } from "bun:test";
import { ReceivedChunks } from "./received-chunks.ts";

/** What a read brought, filled with one character. */
function readOf(bytes: number, character: string): Buffer {
  return Buffer.from(new Uint8Array(bytes).fill(character.charCodeAt(0)).buffer);
}

describe("received chunks that wait", () => {
  test("are views while they are of one read", () => {
    const read = readOf(100, "a");
    const chunks = new ReceivedChunks();
    for (const at of [0, 10, 20]) chunks.push(read.subarray(at, at + 10));
    expect(chunks.take().map(({ buffer }) => buffer === read.buffer)).toEqual([true, true, true]);
  });

  test("let go of a read before the last that is far longer than they are", () => {
    const first = readOf(100, "a");
    const second = readOf(100, "b");
    const chunks = new ReceivedChunks();
    for (const chunk of [first.subarray(0, 10), first.subarray(10, 90), second.subarray(0, 10)]) chunks.push(chunk);
    first.fill("x");
    expect(chunks.bytes).toBe(100);
    expect(chunks.take().map((chunk) => Buffer.from(chunk).toString())).toEqual([
      "a".repeat(10),
      "x".repeat(80), // most of its read: a copy would save little
      "b".repeat(10),
    ]);
  });

  test("are copied once, however many reads follow, and not when they were taken before", () => {
    const reads = ["a", "b", "c"].map((character) => readOf(100, character));
    const chunks = new ReceivedChunks();
    const kept: Uint8Array[] = [];
    for (const read of reads) {
      chunks.push(read.subarray(0, 10));
      chunks.push(read.subarray(10, 20));
      const taken = chunks.shift();
      if (taken !== undefined) kept.push(taken);
    }
    for (const read of reads) read.fill("x");
    const texts = (list: readonly Uint8Array[]) => list.map((chunk) => String.fromCharCode(chunk[0] ?? 0)).join("");
    expect([texts(kept), texts(chunks.take())]).toEqual(["xab", "bxx"]);
  });
});
