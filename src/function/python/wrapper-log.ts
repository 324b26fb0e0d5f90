/** Log records of Python on the processor's log. */
import type { FunctionLog } from "../contract.ts";

/** @param json A record: `{"datetime", "level", "message", "with"}`. What is none is logged as it came. */
export function writeRecord(log: FunctionLog, json: string): void {
  const { level, message, fields } = readRecord(json);
  if (fields === null) log[level](message);
  else log[level](fields, message);
}

export interface LogRecord {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Null when there are none. */
  readonly fields: object | null;
}

export function readRecord(json: string): LogRecord {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch {
    // Whatever the handler's logger made of it, somebody wanted it in the log.
    return { level: "info", message: json, fields: null };
  }
  if (typeof record !== "object" || record === null) return { level: "info", message: json, fields: null };
  const { level, message, with: fields } = record as { level?: unknown; message?: unknown; with?: unknown };
  const hasFields = typeof fields === "object" && fields !== null && Object.keys(fields).length > 0;
  return {
    level: LEVELS.get(String(level)) ?? "debug",
    message: typeof message === "string" ? message : JSON.stringify(message ?? ""),
    fields: hasFields ? fields : null,
  };
}

const LEVELS = new Map<string, "info" | "warn" | "error">([
  ["critical", "error"],
  ["fatal", "error"],
  ["error", "error"],
  ["warning", "warn"],
  ["warn", "warn"],
  ["info", "info"],
]);
