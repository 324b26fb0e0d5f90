import { expect, test } from "bun:test";
import { buildWorkerEnvironment } from "./worker-environment.ts";

test("spec.env wins over the environment of the process", () => {
  expect(buildWorkerEnvironment({ A: "1", B: "2", C: undefined }, { B: "3" })).toEqual({
    env: { A: "1", B: "3" },
    stripped: [],
  });
});

test("variables that make the executable run other code are not handed on", () => {
  expect(buildWorkerEnvironment({ BUN_OPTIONS: "--preload x.js", A: "1" }, { BUN_BE_BUN: "1" })).toEqual({
    env: { A: "1" },
    stripped: ["BUN_OPTIONS", "BUN_BE_BUN"],
  });
});
