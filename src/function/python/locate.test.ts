import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { isPython, locatePython } from "./locate.ts";

const first = scratchDirectory({ "main.py": "", "pack/mod.py": "", "pack/__init__.py": "", "own/handler.py": "" });
const second = scratchDirectory({ "other.py": "", "main.py": "", "handler.py": "" });
const third = scratchDirectory({ "third.py": "" });

function locate(handler: string, environment: Record<string, string> = {}) {
  return locatePython({ handler, searchPath: [first, second] }, environment);
}

test.each([
  ["main:run", "main:run", first, "main.py"],
  ["pack.mod:run", "pack.mod:run", first, "pack/mod.py"],
  ["pack:run", "pack:run", first, "pack/__init__.py"],
  ["other:run", "other:run", second, "other.py"],
  ["main.py:run", "main:run", first, "main.py"],
  ["main.py", "main:handler", first, "main.py"],
  ["./own/handler.py:run", "handler:run", join(first, "own"), "handler.py"],
  ["own/handler:run", "handler:run", join(first, "own"), "handler.py"],
  ["run", "main:run", first, "main.py"],
  ["other.run", "other:run", second, "other.py"],
  ["pack.mod.run", "pack.mod:run", first, "pack/mod.py"],
  [join(second, "other.py"), "other:handler", second, "other.py"],
])("%s is %s in its directory", (handler, expected, directory, file) => {
  expect(locate(handler)).toEqual({
    contract: "python",
    origin: { file: join(directory, file), exportName: expected.split(":")[1] ?? "" },
    handler: expected,
    directory,
  });
});

test("a function alone may be in handler.py where there is no main.py", () => {
  const place = scratchDirectory({ "handler.py": "" });
  expect(locatePython({ handler: "run", searchPath: [place] }, {}).handler).toBe("handler:run");
});

test("places of the environment come last: Nuclio's, then PYTHONPATH", () => {
  expect(locate("third:run", { NUCLIO_PYTHON_PATH: third }).directory).toBe(third);
  expect(locate("third:run", { PYTHONPATH: `\${PYTHONPATH}:${third}` }).directory).toBe(third);
  expect(locate("main:run", { NUCLIO_PYTHON_PATH: second }).directory).toBe(first);
});

describe("refused:", () => {
  test.each([
    ["", "BAD_HANDLER", /^there is no handler: write module:function/],
    ["main:run:twice", "BAD_HANDLER", /names no Python function/],
    ["main:not a name", "BAD_HANDLER", /names no Python function/],
    ["no module:run", "BAD_HANDLER", /names no Python function/],
    [
      "missing:run",
      "FUNCTION_NOT_FOUND",
      new RegExp(`no missing.py, looked in\n  ${first}\n  ${second}\n  /opt/nuclio$`),
    ],
    ["/missing/file.py:run", "FUNCTION_NOT_FOUND", /no \/missing\/file\.py$/],
  ])("%p with %s", (handler, code, message) => {
    let caught: unknown = null;
    try {
      locate(handler);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code, setting: "spec.handler", message: expect.stringMatching(message) });
  });
});

test.each([
  ["python:3.11", "main:run", true],
  ["Python", "main:run", true],
  ["", "main.py", true],
  ["", "main.py:run", true],
  ["nodejs", "main:run", false],
  ["", "main.ts", false],
])("the runtime %p with the handler %p is Python: %p", (runtime, handler, expected) => {
  expect(isPython({ runtime, handler })).toBe(expected);
});
