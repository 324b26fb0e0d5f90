import { expect, test } from "bun:test";
import { ownBytes } from "./bytes.ts";

test("bytes that are a small part of their memory get their own", () => {
  const memory = new Uint8Array(100).fill(1);
  const most = memory.subarray(0, 50);
  const few = memory.subarray(50, 99);
  expect([ownBytes(memory) === memory, ownBytes(most) === most]).toEqual([true, true]);
  const own = ownBytes(few);
  memory.fill(2);
  expect([own.buffer.byteLength, [...own]]).toEqual([49, Array<number>(49).fill(1)]);
});
