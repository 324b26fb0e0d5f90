/** Where in the configuration a place in a source that stands in it was written. */
import type { Place } from "./source-text.ts";

/** A place in the source's own text; line and column count from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
  readonly lineText: string;
}

/** Null when the source's lines are not lines of the configuration: quoted, folded, in base64, from the environment. */
export function placeInSource(written: Place, { line, column, lineText }: SourcePosition): Place | null {
  if (written.kind !== "file") return null;
  const { content } = written.text;
  // A block of text begins in the line after its "|".
  let start = written.start;
  for (let count = 0; count < line; count++) {
    start = content.indexOf("\n", start) + 1;
    if (start === 0 || start >= written.end) return null;
  }
  const newline = content.indexOf("\n", start);
  const end = newline === -1 ? content.length : newline;
  const indent = content.slice(start, end).replace(/\r$/, "").indexOf(lineText);
  const isLine = indent >= 0 && content.slice(start, start + indent).trim() === "";
  if (!isLine) return null;
  const at = start + indent + column - 1;
  return { ...written, start: at, end: at + 1 };
}
