/** Where a piece of configuration was written, and how that place is shown to a reader. */
import type { ConfigProblem, ProblemSource } from "./contract.ts";

/** A file's text with its name. */
export interface SourceText {
  readonly file: string;
  readonly content: string;
}

/** Where a key or value came from. Offsets count UTF-16 units of the file's text, `end` is not included. */
export type Place =
  | { readonly kind: "file"; readonly text: SourceText; readonly start: number; readonly end: number }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "command line"; readonly option: string };

const maxExcerptWidth = 160;

/** Line and column (from 1), and the line with carets below the place. */
export function describePlace(place: Place): ProblemSource {
  if (place.kind !== "file") return place;
  const { content, file } = place.text;
  const start = Math.min(place.start, content.length);
  const lineStart = content.lastIndexOf("\n", start - 1) + 1;
  const newline = content.indexOf("\n", start);
  const lineEnd = newline === -1 ? content.length : newline;
  const line = countLines(content, lineStart);
  const column = start - lineStart + 1;
  const width = Math.max(1, Math.min(place.end, lineEnd) - start);
  return { kind: "file", file, line, column, excerpt: excerpt(content.slice(lineStart, lineEnd), column, width) };
}

export function makeProblem(
  severity: ConfigProblem["severity"],
  code: string,
  path: string,
  message: string,
  place: Place,
): ConfigProblem {
  return { severity, code, path, message, source: describePlace(place) };
}

/** "a.b" with a key that may itself hold dots. */
export function joinPath(parent: string, key: string | number): string {
  return parent === "" ? String(key) : `${parent}.${key}`;
}

function countLines(content: string, end: number): number {
  let lines = 1;
  for (let at = content.indexOf("\n"); at !== -1 && at < end; at = content.indexOf("\n", at + 1)) lines++;
  return lines;
}

function excerpt(rawLine: string, column: number, width: number): string {
  const line = rawLine.replace(/\r$/, "");
  const from = column > maxExcerptWidth - 20 ? column - 60 : 0;
  const shown = printable(line.slice(from, from + maxExcerptWidth));
  const before = shown.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(width, shown.length - before.length)));
  return `${shown}\n${before}${carets}`;
}

/** A configuration is printed on terminals: control characters other than tab must not reach them. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
