import { expect, test } from "bun:test";
import { createBackOff } from "./back-off.ts";

test("the first replacement is immediate, deaths in quick succession wait longer each time", () => {
  const backOff = createBackOff();
  expect([500, 500, 500, 500, 500, 500, 500].map((servedMs) => backOff.next(servedMs))).toEqual([
    0, 100, 200, 400, 800, 1000, 1000,
  ]);
});

test("a worker that cannot start at all waits up to two seconds", () => {
  const backOff = createBackOff();
  const delays = Array.from({ length: 40 }, () => backOff.next(null));
  expect([delays[0], delays[1], delays[8], delays[39]]).toEqual([0, 100, 2000, 2000]);
});

test("a worker that served a while starts anew at once", () => {
  const backOff = createBackOff();
  for (let death = 0; death < 10; death++) backOff.next(10);
  expect([backOff.next(60_000), backOff.next(60_000)]).toEqual([0, 0]);
});
