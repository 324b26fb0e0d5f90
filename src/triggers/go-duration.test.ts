import { expect, test } from "bun:test";
import { parseGoDuration } from "./go-duration.ts";

test("durations are what Go's time.ParseDuration makes of them, in ms", () => {
  const values: Record<string, number> = {
    "0": 0,
    "0s": 0,
    "500ms": 500,
    "4s": 4000,
    "1m30s": 90_000,
    "1h2m3.5s": 3_723_500,
    ".5s": 500,
    "1.s": 1000,
    "+2s": 2000,
    "250us": 0.25,
    "3µs": 0.003,
    "1s1s": 2000,
  };
  expect(Object.fromEntries(Object.keys(values).map((text) => [text, parseGoDuration(text)]))).toEqual(
    Object.fromEntries(Object.entries(values).map(([text, ms]) => [text, { ms }])),
  );
});

test("what is no duration gets a reason that completes a sentence", () => {
  const reasons: Record<string, string> = {
    "5": 'needs a unit: write "5s" or "5ms"',
    "-1s": "must not be negative",
    "4sec": 'has the unknown unit "sec": use ms, s, m or h',
    "1d": 'has the unknown unit "d": use ms, s, m or h',
    "": 'is not a duration such as "500ms", "5s" or "1m30s"',
    soon: 'is not a duration such as "500ms", "5s" or "1m30s"',
    "1s ": 'is not a duration such as "500ms", "5s" or "1m30s"',
    "1s x 2s": 'is not a duration such as "500ms", "5s" or "1m30s"',
    "9999999h": "is longer than a duration can be",
  };
  expect(Object.fromEntries(Object.keys(reasons).map((text) => [text, parseGoDuration(text)]))).toEqual(
    Object.fromEntries(Object.entries(reasons).map(([text, error]) => [text, { error }])),
  );
});
