/** The header `X-Nuclio-Log-Level` asks for what the function logs; `X-Nuclio-Logs` of the response brings it. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import type { FunctionLog } from "../contract.ts";

export interface LogCollector {
  /** Writes to the call's own log too. */
  readonly log: FunctionLog;
  /** The lines so far as a JSON array. */
  encode(): string;
}

type Level = keyof typeof LEVELS;

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** An array of this many bytes or more is left out, with a warning. */
const MAX_ENCODED_BYTES = 4096;

/** Null when the event does not ask for it. An unknown level is debug. */
export function collectLogs(event: FunctionEvent, log: FunctionLog, triggerName: string): LogCollector | null {
  const asked = event.headers.find(([name]) => name === "x-nuclio-log-level")?.[1];
  if (asked === undefined) return null;
  const wanted = asked.toLowerCase();
  const least = LEVELS[wanted === "warning" ? "warn" : wanted in LEVELS ? (wanted as Level) : "debug"];
  const records: object[] = [];
  const method = (level: Level) => (first: object | string, second?: string) => {
    const fields = typeof first === "string" ? {} : first;
    const message = typeof first === "string" ? first : (second ?? "");
    if (typeof first === "string") log[level](first);
    else log[level](first, message);
    if (LEVELS[level] >= least) records.push({ level, time: Date.now(), name: triggerName, message, ...fields });
  };
  return {
    log: { debug: method("debug"), info: method("info"), warn: method("warn"), error: method("error") },
    encode: () => JSON.stringify(records),
  };
}

export function withLogs(result: EventResult, { log, encode }: LogCollector): EventResult {
  const encoded = encodeOrExplain(encode);
  if ("error" in encoded) log.warn(`the header X-Nuclio-Logs is left out: ${encoded.error}`);
  else return { ...result, headers: [...result.headers, ["x-nuclio-logs", encoded.text]] };
  return result;
}

/** Header values are Latin-1: other characters are escaped, as JSON allows. */
function encodeOrExplain(encode: () => string): { readonly text: string } | { readonly error: string } {
  let text: string;
  try {
    text = encode().replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  } catch (error) {
    return { error: String(error) };
  }
  if (text.length < MAX_ENCODED_BYTES) return { text };
  return { error: `${text.length} bytes of log are more than it takes (${MAX_ENCODED_BYTES - 1})` };
}
