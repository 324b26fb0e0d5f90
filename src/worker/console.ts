/** Sends the function's `console` output through the log: one format on standard output, credentials kept out. */
import { format } from "node:util";
import type { Logger } from "../telemetry/log.ts";
import { redact } from "../telemetry/redact.ts";

export function redirectConsole(log: Logger): void {
  const write = (level: "debug" | "info" | "warn" | "error") => {
    return (...values: unknown[]): void => log[level](format(...values.map(cleanValue)));
  };
  console.debug = write("debug");
  console.trace = write("debug");
  console.log = write("info");
  console.info = write("info");
  console.dir = (value: unknown) => log.info(format(cleanValue(value)));
  console.warn = write("warn");
  console.error = write("error");
}

/** Errors stay errors: their stack is what one wants to see. */
function cleanValue(value: unknown): unknown {
  return typeof value === "object" && value !== null && !(value instanceof Error) ? redact(value) : value;
}
