import { expect, test } from "bun:test";
import { PythonError } from "./python-error.ts";

const frames = [
  "Traceback (most recent call last):",
  '  File "/fn/main.py", line 3, in handler',
  "    inner()",
  "    ~~~~~^^",
  '  File "/fn/site-packages/lib/x.py", line 9, in inner',
  "    raise ValueError",
].join("\n");

function parse(text: string) {
  const { name, message, position } = new PythonError(text, "/fn");
  return { name, message, at: position === undefined ? null : `${position.file}:${position.line}` };
}

test.each([
  ["one line", "ValueError: no way", { name: "ValueError", message: "no way" }],
  ["no message", "KeyboardInterrupt", { name: "KeyboardInterrupt", message: "" }],
  ["a type of a package", "lib.errors.Bad: a: b", { name: "lib.errors.Bad", message: "a: b" }],
  ["several lines", "ValueError: one\ntwo\n", { name: "ValueError", message: "one\ntwo" }],
  ["words of another form", "Something went wrong", { name: "Error", message: "Something went wrong" }],
])("an exception with %s, at the innermost place of the function", (_, last, expected) => {
  expect(parse(`${frames}\n${last}`)).toEqual({ ...expected, at: "/fn/main.py:3" });
});

test("a syntax error is where Python says it is", () => {
  const text = '  File "/fn/main.py", line 12\n    def x(:\n          ^\nSyntaxError: invalid syntax';
  expect(parse(`Traceback (most recent call last):\n  File "/run.py", line 1, in <module>\n${text}`)).toEqual({
    name: "SyntaxError",
    message: "invalid syntax",
    at: "/fn/main.py:12",
  });
});

test("a text without frames has no place", () => {
  expect(parse("MemoryError")).toEqual({ name: "MemoryError", message: "", at: null });
});
