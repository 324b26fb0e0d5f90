import { expect, test } from "bun:test";
import { busyLimitMs } from "./busy-limit.ts";
import { functionTimeoutMs } from "./function-timeout.ts";

test("FUNC_TIMEOUT in seconds goes before spec.eventTimeout, which goes before 180 s", () => {
  expect(functionTimeoutMs({ FUNC_TIMEOUT: "0.5" }, 7000)).toBe(500);
  expect(functionTimeoutMs({}, 7000)).toBe(7000);
  expect(functionTimeoutMs({}, 0)).toBe(180_000);
  expect([functionTimeoutMs({}, 0, "job"), functionTimeoutMs({ FUNC_TIMEOUT: "2" }, 0, "job")]).toEqual([0, 2000]);
});

test("a FUNC_TIMEOUT that is no positive number counts as not given", () => {
  expect(["", "0", "-1", "soon", "Infinity"].map((text) => functionTimeoutMs({ FUNC_TIMEOUT: text }, 7000))).toEqual(
    Array.from({ length: 5 }, () => 7000),
  );
  expect(functionTimeoutMs({ FUNC_TIMEOUT: "1e12" }, 0)).toBe(2 ** 31 - 1);
});

test("only Kubeless and Kyma functions may keep their thread busy for so long", () => {
  const environment = { FUNC_TIMEOUT: "3" };
  expect(
    (["kubeless", "kyma", "fetch", "middleware"] as const).map((each) => busyLimitMs(each, environment, 0)),
  ).toEqual([3000, 3000, 0, 0]);
});
