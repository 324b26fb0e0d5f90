/** Problems in the notation of the table of bad configurations. */
import type { ConfigProblem, ProblemSource } from "../../src/config/contract.ts";

export const folder = import.meta.dir;

/** One line a problem, shortened where the table has only a beginning. */
export function summarizeProblems(problems: readonly ConfigProblem[], expected: readonly string[]): readonly string[] {
  return problems.map((problem, index) => shorten(summarize(problem), expected[index]));
}

function summarize({ severity, code, message, source }: ConfigProblem): string {
  return `${severity} ${code} ${describeSource(source)} ${message.replaceAll(folder, "<folder>")}`;
}

function describeSource(source: ProblemSource): string {
  switch (source.kind) {
    case "file":
      return `${source.line}:${source.column}`;
    case "environment":
      return source.variable;
    case "command line":
      return source.option;
  }
}

function shorten(line: string, expected: string | undefined): string {
  const beginning = expected?.endsWith("…") ? expected.slice(0, -1) : null;
  return beginning !== null && line.startsWith(beginning) ? `${beginning}…` : line;
}
