import { expect, test } from "bun:test";
import { buildWorkerEnvironment } from "./worker-environment.ts";

const unnamed = {
  name: "fn",
  description: "",
  version: 0,
  function: { handler: "main:handler", runtime: "", searchPath: [], sourceCode: null },
};
const names = {
  NUCLIO_FUNCTION_NAME: "fn",
  NUCLIO_FUNCTION_DESCRIPTION: "",
  NUCLIO_FUNCTION_VERSION: "0",
  NUCLIO_FUNCTION_HANDLER: "main:handler",
  NUCLIO_HANDLER: "main:handler",
};

test("spec.env wins over the environment of the process", () => {
  expect(buildWorkerEnvironment({ A: "1", B: "2", C: undefined }, { ...unnamed, env: { B: "3" } })).toEqual({
    env: { ...names, A: "1", B: "3" },
    stripped: [],
  });
});

test("a function is told its names, unless spec.env has others", () => {
  const config = { ...unnamed, description: "greets", version: 3, env: { NUCLIO_HANDLER: "other" } };
  expect(buildWorkerEnvironment({ NUCLIO_FUNCTION_NAME: "inherited" }, config).env).toEqual({
    ...names,
    NUCLIO_FUNCTION_DESCRIPTION: "greets",
    NUCLIO_FUNCTION_VERSION: "3",
    NUCLIO_HANDLER: "other",
  });
});

test("variables that make the executable run other code are not handed on", () => {
  const config = { ...unnamed, env: { BUN_BE_BUN: "1" } };
  expect(buildWorkerEnvironment({ BUN_OPTIONS: "--preload x.js", A: "1" }, config)).toEqual({
    env: { ...names, A: "1" },
    stripped: ["BUN_OPTIONS", "BUN_BE_BUN"],
  });
});
