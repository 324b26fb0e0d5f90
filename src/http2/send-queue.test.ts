import { expect, test } from "bun:test";
import { SendQueue } from "./send-queue.ts";

test("pieces leave in order, each from where it was left", () => {
  const queue = new SendQueue();
  queue.push(Buffer.from("abcdef"), 2);
  queue.push(Buffer.from("gh"), 0);
  queue.push(Buffer.from("ijk"), 1);
  let text = "";
  const left: number[] = [];
  while (queue.bytes > 0) {
    text += String.fromCharCode(queue.first[queue.offset] ?? 0);
    queue.advance(1);
    left.push(queue.bytes);
  }
  expect(text).toBe("cdefghjk");
  expect(left).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  expect(queue.first.length).toBe(0);
});
