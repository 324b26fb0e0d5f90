/** A log for tests that keeps its lines. */
import type { FunctionLog } from "./contract.ts";

export type LogLine = readonly [level: "debug" | "info" | "warn" | "error", message: string, fields?: object];

export class MemoryLog implements FunctionLog {
  readonly lines: LogLine[] = [];

  debug(fields: object | string, message?: string): void {
    this.#keep("debug", fields, message);
  }
  info(fields: object | string, message?: string): void {
    this.#keep("info", fields, message);
  }
  warn(fields: object | string, message?: string): void {
    this.#keep("warn", fields, message);
  }
  error(fields: object | string, message?: string): void {
    this.#keep("error", fields, message);
  }

  #keep(level: LogLine[0], fields: object | string, message: string | undefined): void {
    this.lines.push(typeof fields === "string" ? [level, fields] : [level, message ?? "", fields]);
  }
}
