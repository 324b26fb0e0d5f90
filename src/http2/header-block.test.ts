import { expect, test } from "bun:test";
import { MAX_HEADER_FRAMES } from "./abuse-budget.ts";
import { HeaderBlock } from "./header-block.ts";

test("fragments are joined", () => {
  const block = new HeaderBlock(3, true, false, 100);
  expect([
    block.add(Buffer.from("xabx"), 1, 3),
    block.add(Buffer.from("cd"), 0, 2),
    block.add(Buffer.from(""), 0, 0),
  ]).toEqual([true, true, true]);
  expect(block.join().toString()).toBe("abcd");
});

test("a block is refused from the first byte too many", () => {
  const block = new HeaderBlock(3, true, false, 4);
  expect([block.add(Buffer.from("abcd"), 0, 4), block.add(Buffer.from("e"), 0, 1)]).toEqual([true, false]);
});

test("a block is refused from the first frame too many, however empty", () => {
  const block = new HeaderBlock(3, true, false, 4);
  const nothing = Buffer.alloc(0);
  let frames = 0;
  while (block.add(nothing, 0, 0)) frames++;
  expect(frames).toBe(MAX_HEADER_FRAMES);
});
