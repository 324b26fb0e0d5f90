import { expect, test } from "bun:test";
import type { ConfigProblem } from "./contract.ts";
import { countProblems, problemsAsJson, renderProblems } from "./render-problems.ts";
import { makeProblem } from "./source-text.ts";

const text = { file: "processor.yaml", content: "spec:\n\thandeler: x\n" };
const unknownKey = makeProblem("warning", "unknown-key", "spec.handeler", "No such key", {
  kind: "file",
  text,
  start: 7,
  end: 15,
});
const fromEnvironment = makeProblem("error", "wrong-type", "spec.handler", "Not text", {
  kind: "environment",
  variable: "PROCESSOR_HANDLER",
});
const missingFile = makeProblem("error", "missing-file", "", "No file", { kind: "command line", option: "--config" });

test("a problem is shown like a compiler's, with the line and carets below its place", () => {
  expect(renderProblems([unknownKey, fromEnvironment, missingFile], { colors: false })).toBe(
    [
      "warning: No such key",
      "  --> processor.yaml:2:2 spec.handeler [unknown-key]",
      "2 | \thandeler: x",
      "  | \t^^^^^^^^",
      "",
      "error: Not text",
      "  --> environment variable PROCESSOR_HANDLER spec.handler [wrong-type]",
      "",
      "error: No file",
      "  --> command line, --config [missing-file]",
      "",
      "2 errors, 1 warning",
      "",
    ].join("\n"),
  );
});

test("colours are used only when asked for, and change nothing else", () => {
  const plain = renderProblems([unknownKey, fromEnvironment], { colors: false });
  const colored = renderProblems([unknownKey, fromEnvironment], { colors: true });
  expect(plain).not.toContain("\u001b");
  expect(colored).toContain("\u001b[31;1merror\u001b[0m");
  expect(Bun.stripANSI(colored)).toBe(plain);
});

test("no problems are no text, and count as such", () => {
  expect([renderProblems([], { colors: false }), countProblems([])]).toEqual(["", "no problems"]);
});

test("the JSON form holds the problems as they are, and whether one is an error", () => {
  const parse = (problems: readonly ConfigProblem[]): unknown => JSON.parse(problemsAsJson(problems));
  expect(parse([unknownKey])).toEqual({ valid: true, problems: [unknownKey] });
  expect(parse([missingFile])).toEqual({ valid: false, problems: [missingFile] });
});

test("control characters of a file do not reach the terminal, and a long line is cut around the place", () => {
  const content = `${"x".repeat(1000)}\u001b[2Jhere${"y".repeat(1000)}`;
  const place = { kind: "file", text: { file: "a", content }, start: 1004, end: 1008 } as const;
  const { source } = makeProblem("error", "c", "", "m", place);
  if (source.kind !== "file") throw new Error("not a file");
  const [line = "", carets = ""] = source.excerpt.split("\n");
  expect(line).not.toContain("\u001b");
  expect(line.length).toBe(160);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("here");
});
