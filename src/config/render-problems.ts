/** Problems of a configuration as text for people, as a compiler shows them, and as JSON for programs. */
import type { ConfigProblem, ProblemSource } from "./contract.ts";

export interface RenderOptions {
  /** Colours as ANSI escapes: only for terminals. */
  readonly colors: boolean;
}

/** All problems, one after the other, and a line that counts them. Ends with a newline; "" when there are none. */
export function renderProblems(problems: readonly ConfigProblem[], options: RenderOptions): string {
  if (problems.length === 0) return "";
  return `${problems.map((problem) => renderProblem(problem, options)).join("\n")}\n${countProblems(problems)}\n`;
}

/** One problem over several lines, ending with a newline. */
export function renderProblem(problem: ConfigProblem, { colors }: RenderOptions): string {
  const paint = colors
    ? (code: string, text: string) => `\u001b[${code}m${text}\u001b[0m`
    : (_: string, text: string) => text;
  const tone = problem.severity === "error" ? "31;1" : "33;1";
  const title = `${paint(tone, problem.severity)}: ${paint("1", problem.message)}`;
  const label = [problem.path, `[${problem.code}]`].filter((part) => part !== "").join(" ");
  if (problem.source.kind !== "file")
    return `${title}\n  ${paint("34", "-->")} ${whereIs(problem.source)} ${paint("2", label)}\n`;
  const { file, line, column, excerpt } = problem.source;
  const [code = "", carets = ""] = excerpt.split("\n");
  const number = String(line);
  const margin = " ".repeat(number.length);
  return [
    title,
    `${margin} ${paint("34", "-->")} ${file}:${line}:${column} ${paint("2", label)}`,
    `${paint("34", `${number} |`)} ${code}`,
    `${paint("34", `${margin} |`)} ${paint(tone, carets)}`,
    "",
  ].join("\n");
}

/** "2 errors, 1 warning". */
export function countProblems(problems: readonly ConfigProblem[]): string {
  const counts = (["error", "warning"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return counts.length === 0 ? "no problems" : counts.join(", ");
}

/** One JSON document: `valid`, and the problems as the loader gives them. */
export function problemsAsJson(problems: readonly ConfigProblem[]): string {
  const valid = !problems.some((problem) => problem.severity === "error");
  return `${JSON.stringify({ valid, problems }, null, 2)}\n`;
}

function whereIs(source: ProblemSource): string {
  switch (source.kind) {
    case "file":
      return `${source.file}:${source.line}:${source.column}`;
    case "environment":
      return `environment variable ${source.variable}`;
    case "command line":
      return source.option === "" ? "command line" : `command line, ${source.option}`;
  }
}
