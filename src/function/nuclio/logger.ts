/** `context.logger` on the processor's log. */
import type { FunctionLog, NuclioLogger } from "../contract.ts";

type Level = "debug" | "info" | "warn" | "error";

export class HandlerLogger implements NuclioLogger {
  readonly #log: FunctionLog;

  constructor(log: FunctionLog) {
    this.#log = log;
  }

  debug(message: string, fields?: object): void {
    this.#write("debug", message, fields);
  }
  info(message: string, fields?: object): void {
    this.#write("info", message, fields);
  }
  warn(message: string, fields?: object): void {
    this.#write("warn", message, fields);
  }
  error(message: string, fields?: object): void {
    this.#write("error", message, fields);
  }
  debugWith(message: string, fields?: object): void {
    this.#write("debug", message, fields);
  }
  infoWith(message: string, fields?: object): void {
    this.#write("info", message, fields);
  }
  warnWith(message: string, fields?: object): void {
    this.#write("warn", message, fields);
  }
  errorWith(message: string, fields?: object): void {
    this.#write("error", message, fields);
  }

  /** Handlers log what they have at hand: not every message is text, and not all fields are an object. */
  #write(level: Level, message: unknown, fields: unknown): void {
    const text = typeof message === "string" ? message : Bun.inspect(message);
    if (fields === undefined || fields === null) this.#log[level](text);
    else this.#log[level](typeof fields === "object" ? fields : { with: fields }, text);
  }
}
