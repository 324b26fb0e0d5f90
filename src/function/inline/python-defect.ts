/** Finds syntax errors in Python with the interpreter that would run it, without running anything. */
import type { SyntaxDefect } from "./syntax-defect.ts";

const script = `
import json, sys
try:
    compile(sys.stdin.buffer.read(), "function", "exec", dont_inherit=True)
except SyntaxError as error:
    print(json.dumps([error.msg, error.lineno or 1, error.offset or 1, error.text or ""]))
`;

/**
 * The first thing in the way of parsing it; null when there is none.
 * @param python Path of the interpreter.
 */
export function findPythonDefect(text: string, python: string): SyntaxDefect | null {
  const { stdout } = Bun.spawnSync([python, "-I", "-c", script], { stdin: Buffer.from(text), stderr: "ignore" });
  const output = stdout.toString();
  if (output === "") return null;
  const [message, line, column, lineText] = JSON.parse(output) as [string, number, number, string];
  return { message, line, column, lineText: lineText.replace(/\r?\n$/, "") };
}
