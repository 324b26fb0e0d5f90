/** The log as the rest of the processor sees it: pino's calling convention, `log.warn({ port }, "message")`. */

export interface Logger {
  debug(fields: object, message: string): void;
  debug(message: string): void;
  info(fields: object, message: string): void;
  info(message: string): void;
  warn(fields: object, message: string): void;
  warn(message: string): void;
  error(fields: object, message: string): void;
  error(message: string): void;
  child(bindings: object): Logger;
  /** Whether lines of this level are written: guards the building of expensive fields. */
  isLevelEnabled(level: "debug" | "info" | "warn" | "error"): boolean;
}
