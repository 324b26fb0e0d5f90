/** Finds syntax errors in JavaScript and TypeScript without running anything. */

/** Line and column count from 1. */
export interface SyntaxDefect {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly lineText: string;
}

export type ScriptLanguage = "js" | "ts" | "tsx";

/** The first thing in the way of parsing it; null when there is none. */
export function findSyntaxDefect(text: string, language: ScriptLanguage): SyntaxDefect | null {
  try {
    new Bun.Transpiler({ loader: language }).transformSync(text);
    return null;
  } catch (error) {
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    const [first] = errors;
    if (!(first instanceof Error)) throw error;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    return { message: first.message + more, ...placeOf(first) };
  }
}

function placeOf(error: Error): Omit<SyntaxDefect, "message"> {
  const position: unknown = "position" in error ? error.position : null;
  if (typeof position !== "object" || position === null) return { line: 1, column: 1, lineText: "" };
  const { line, column, lineText } = position as Readonly<Record<string, unknown>>;
  return { line: numberOr1(line), column: numberOr1(column), lineText: typeof lineText === "string" ? lineText : "" };
}

function numberOr1(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 1;
}
