/** What a failed function tells the log: never sent to a client. */
import { dirname, resolve, sep } from "node:path";
import { EventError } from "../event/event-error.ts";
import type { FunctionOrigin } from "./loaded-function.ts";

/** Place is null where the error carries none. Lines and columns count from 1. */
export interface FailureDescription {
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * `error` is whatever was thrown; of an event's error it is what its handler threw. The place is the innermost one in the
 * user's own code.
 */
export function describeFailure(error: unknown, origin: Pick<FunctionOrigin, "file">): FailureDescription {
  if (error instanceof EventError && error.cause !== undefined) return describeFailure(error.cause, origin);
  const place = placeOf(error, origin.file);
  return {
    message: messageOf(error),
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
  };
}

function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `thrown without an Error: ${Bun.inspect(error, { depth: 2 })}`;
    const own = error.message === "" ? error.name : error.message;
    const named = error.name === "Error" || error.name === "BuildMessage" ? own : `${error.name}: ${own}`;
    return error.cause instanceof Error ? `${named} (cause: ${error.cause.message})` : named;
  } catch {
    // An error whose own getters throw must not bring down the one who logs it.
    return "thrown value that cannot be shown";
  }
}

function placeOf(error: unknown, functionFile: string): Place | null {
  if (!(error instanceof Error)) return null;
  if ("position" in error && isPosition(error.position)) return error.position;
  const frames = typeof error.stack === "string" ? parseStack(error.stack) : [];
  const folder = dirname(functionFile) + sep;
  return (
    frames.find(({ file }) => file.startsWith(folder) && !file.includes(`${sep}node_modules${sep}`)) ??
    frames.find(({ file }) => !file.startsWith(OWN_FILES)) ??
    null
  );
}

/** A syntax error of Bun carries its place instead of a stack. */
function isPosition(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  return "file" in value && typeof value.file === "string" && "line" in value && typeof value.line === "number";
}

const OWN_FILES = resolve(import.meta.dir, "..") + sep;
const FRAME = /^\s+at (?:.*\()?(\/.*?):(\d+):(\d+)\)?$/;

function parseStack(stack: string): Place[] {
  return stack.split("\n").flatMap((line) => {
    const [, file, lineNumber, column] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ file, line: Number(lineNumber), column: Number(column) }];
  });
}
