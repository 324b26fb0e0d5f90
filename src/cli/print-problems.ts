/** Configuration problems as a person reads them: place, what is wrong, the line itself. */
import type { ConfigProblem, ProblemSource } from "../config/contract.ts";
import type { TextOutput } from "./command.ts";

/** One block a problem, and a summary line when there are several. */
export function printProblems(problems: readonly ConfigProblem[], output: TextOutput): void {
  for (const problem of problems) output.write(describeProblem(problem, output.isTerminal));
  if (problems.length < 2) return;
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  output.write(`${[plural(errors, "error"), plural(warnings, "warning")].filter(Boolean).join(", ")}\n`);
}

export function describeProblem({ severity, message, path, source }: ConfigProblem, colours: boolean): string {
  const paint = (code: number, text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const label = severity === "error" ? paint(31, "error") : paint(33, "warning");
  const about = path === "" ? "" : `${path}: `;
  const head = [describePlace(source), label, `${about}${message}`].filter(Boolean).join(": ");
  return source.kind === "file" ? `${head}\n${describeExcerpt(source)}` : `${head}\n`;
}

function describePlace(source: ProblemSource): string {
  switch (source.kind) {
    case "file":
      return `${source.file}:${source.line}:${source.column}`;
    case "environment":
      return `$${source.variable}`;
    case "command line":
      return source.option;
  }
}

function describeExcerpt({ line, column, excerpt }: Extract<ProblemSource, { kind: "file" }>): string {
  if (excerpt === "") return "";
  const number = String(line);
  return `  ${number} | ${excerpt}\n  ${" ".repeat(number.length)} | ${" ".repeat(Math.max(0, column - 1))}^\n`;
}

function plural(count: number, word: string): string {
  return count === 0 ? "" : `${count} ${word}${count === 1 ? "" : "s"}`;
}
