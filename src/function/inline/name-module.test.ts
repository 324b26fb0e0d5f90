import { describe, expect, test } from "bun:test";
import { FunctionLoadError } from "../load-error.ts";
import { nameModule, SourceCodeError } from "./name-module.ts";

const javascript = "exports.handler = (context, event) => event.body;";
const typescript = "export const handler = (context: object, event: { body: Buffer }) => event.body;";
const python = "def handler(context, event):\n    return event.body\n";

function failure(text: string, handler: string, runtime = "") {
  try {
    return nameModule(text, { handler, runtime });
  } catch (error) {
    if (error instanceof FunctionLoadError) return { code: error.code, setting: error.setting, message: error.message };
    throw error;
  }
}

describe("the handler names the file and the function:", () => {
  test.each([
    ["", "handler.js", null],
    ["handler", "handler.js", null],
    ["run", "handler.js", "run"],
    ["main:handler", "main.js", "handler"],
    ["src/main:handler", "src/main.js", "handler"],
    ["./main:handler", "main.js", "handler"],
    ["main.mjs", "main.mjs", null],
    ["main.ts:run", "main.ts", "run"],
    ["hello.run", "hello.js", "run"],
    ["my-fn:handler", "my-fn.js", "handler"],
  ])("%p is %s, export %p", (handler, file, exportName) => {
    expect(nameModule(javascript, { handler, runtime: "nodejs" })).toEqual({ language: "script", file, exportName });
  });

  test.each([
    ["", "main.py", "handler"],
    ["main:handler", "main.py", "handler"],
    ["pack.mod:run", "pack/mod.py", "run"],
    ["main.py:run", "main.py", "run"],
    ["hello.run", "hello.py", "run"],
    ["run", "main.py", "run"],
  ])("%p of Python is %s, function %s", (handler, file, exportName) => {
    expect(nameModule(python, { handler, runtime: "python:3.11" })).toEqual({ language: "python", file, exportName });
  });

  test.each([
    "../up:handler",
    "/etc/fn:handler",
    "a:b:c",
    ":handler",
    "main:",
    "main:not-a-name",
    "a b:handler",
    "a/../../b:c",
  ])("%s names none", (handler) => {
    expect(failure(javascript, handler)).toEqual({
      code: "BAD_HANDLER",
      setting: "spec.handler",
      message: `"${handler}" names no function of a source in the configuration: write "module:function", as in "main:handler"`,
    });
  });
});

test("a source without ending is TypeScript when it is not JavaScript", () => {
  expect(nameModule(typescript, { handler: "main:handler", runtime: "nodejs" }).file).toBe("main.ts");
});

describe("a syntax error", () => {
  test("has its place", () => {
    expect(failure("export default () => {\n  const x = ;\n};", "")).toEqual({
      code: "SYNTAX_ERROR",
      setting: "spec.build.functionSourceCode",
      message: "line 2, column 13: Unexpected ;\n    const x = ;\n              ^",
    });
  });

  test("is one of the language the ending names", () => {
    expect(failure(typescript, "main.js:handler")).toMatchObject({ code: "SYNTAX_ERROR" });
  });

  test("of Python without its runtime says so", () => {
    let caught: unknown = null;
    try {
      nameModule(python, { handler: "main:handler", runtime: "" });
    } catch (error) {
      caught = error;
    }
    expect(caught instanceof SourceCodeError && caught.defect).toMatchObject({
      line: 1,
      message: expect.stringContaining('if this is Python, write "runtime: python"'),
    });
  });
});
