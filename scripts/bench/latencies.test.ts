import { expect, test } from "bun:test";
import { medianOf, percentilesOf } from "./latencies.ts";

test("percentiles are samples by nearest rank", () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentilesOf(samples)).toEqual({ p50: 100, p99: 198 });
});

test("a single sample is every percentile", () => {
  expect(percentilesOf([7])).toEqual({ p50: 7, p99: 7 });
});

test("the median leaves its samples in their order", () => {
  const samples = [3, 1, 2];
  expect([medianOf(samples), samples]).toEqual([2, [3, 1, 2]]);
});
