import { expect, test } from "bun:test";
import { parseTimeout } from "./timeout.ts";

test("a timeout is up to eight digits and a unit", () => {
  const texts = ["1H", "2M", "3S", "4m", "5u", "6n", "99999999S", "0m"];
  expect(texts.map(parseTimeout)).toEqual([3_600_000, 120_000, 3000, 4, 0.005, 0.000006, 99_999_999_000, 0]);
});

test("anything else is none", () => {
  const texts = ["", "1", "S", "123456789S", "-1S", "1.5S", "1s", " 1S", "1S ", "1SS", "1__proto__"];
  expect(texts.map(parseTimeout)).toEqual(texts.map(() => null));
});
