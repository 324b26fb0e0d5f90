import { expect, test } from "bun:test";
import { findPython } from "../python/interpreter.ts";
import { findPythonDefect } from "./python-defect.ts";

const python = findPython(process.env);

test("a source that can be parsed has none, whatever it would do", () => {
  expect(findPythonDefect("import nowhere\nraise SystemExit(3)\n", python)).toBeNull();
});

test("a syntax error has its place", () => {
  expect(findPythonDefect("a = 1\ndef handler(context event):\n    pass\n", python)).toMatchObject({
    line: 2,
    lineText: "def handler(context event):",
  });
});
