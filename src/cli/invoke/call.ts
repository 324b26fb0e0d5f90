/** One call of a function that answers requests or events, and what came of it. */
import type { HeaderField, HeaderFields } from "./envoy/model.ts";

/** What the options say of the call. */
export interface Call {
  /** Null: GET, or POST with a body, where the trigger knows methods. */
  readonly method: string | null;
  /** With its query; null: "/", or the path of the address. */
  readonly path: string | null;
  readonly fields: readonly HeaderField[];
  readonly body: Uint8Array | null;
  readonly timeoutMs: number;
}

export interface CallRecord {
  /** Null when the function gave none. */
  readonly answer: CallAnswer | null;
  /** Why there is none, or no good one; null when all went well. */
  readonly problem: string | null;
  readonly tookMs: number;
}

export interface CallAnswer {
  readonly status: number;
  /** Without `X-Nuclio-Logs`. */
  readonly fields: HeaderFields;
  readonly body: Uint8Array;
  /** What the function logged, when it was asked for. */
  readonly logs: readonly LogRecord[];
}

/** A line of `X-Nuclio-Logs`. */
export type LogRecord = Readonly<Record<string, unknown>>;

export function createAnswer(status: number, fields: HeaderFields, body: Uint8Array): CallAnswer {
  const [, logs = "[]"] = fields.find(([name]) => name.toLowerCase() === logsField) ?? [];
  return { status, fields: fields.filter(([name]) => name.toLowerCase() !== logsField), body, logs: parseLogs(logs) };
}

const logsField = "x-nuclio-logs";

function parseLogs(text: string): readonly LogRecord[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((record) => typeof record === "object" && record !== null) : [];
  } catch {
    // Another server's header of that name: it is shown with the body, not understood.
    return [];
  }
}
