/** What a wrapper says before it is ready: why it cannot start, when it cannot. */
import { FunctionLoadError, type FunctionLoadErrorCode } from "../load-error.ts";
import { PythonError } from "./python-error.ts";
import { readRecord } from "./wrapper-log.ts";

/** Lines of a traceback and of what follows it that are kept. */
const KEPT_LINES = 400;
const TRACEBACK = "Traceback (most recent call last)";

export class StartOutput {
  readonly #directory: string;
  /** From the first line of a traceback on: written as one error, or released. */
  #held: string[] = [];
  readonly #last: string[] = [];
  #record = "";

  constructor(functionDirectory: string) {
    this.#directory = functionDirectory;
  }

  /** A line of standard error. True when it is held back. */
  keep(line: string): boolean {
    if (this.#held.length === 0 && !line.startsWith(TRACEBACK)) {
      this.#last.push(line);
      if (this.#last.length > 5) this.#last.shift();
      return false;
    }
    if (this.#held.length < KEPT_LINES) this.#held.push(line);
    return true;
  }

  /** A record of the wrapper's log, or whatever it writes in the place of one. True when it is one that says why. */
  keepRecord(json: string): boolean {
    const { level, message, fields } = readRecord(json);
    if (level !== "error") return false;
    this.#record = message;
    const trace: unknown = fields !== null && "traceback" in fields ? fields.traceback : null;
    if (typeof trace !== "string" || !trace.startsWith(TRACEBACK)) return false;
    this.#held = trace.trimEnd().split("\n").slice(0, KEPT_LINES);
    return true;
  }

  /** It started after all: what was held back is no error of the start. */
  release(write: (line: string) => void): void {
    for (const line of this.#held) write(line);
  }

  /** @param how As in "ended with exit code 1". */
  describe(how: string): FunctionLoadError {
    if (this.#held.length === 0) {
      const words = this.#last.length > 0 ? this.#last.join("\n") : this.#record;
      const message = `the function's Python process ${how} before it was ready${words === "" ? "" : `\n${words}`}`;
      return new FunctionLoadError("THROWN_AT_IMPORT", null, message);
    }
    const traceback = this.#held.join("\n");
    const error = new PythonError(traceback, this.#directory);
    const { position } = error;
    const place = position === undefined ? this.#directory : `${position.file}:${position.line}`;
    const { code, what } = classify(error);
    const words = error.message === "" ? error.name : `${error.name}: ${error.message}`;
    return new FunctionLoadError(code, null, `${place}: ${what}\n${words}`, { cause: error });
  }
}

function classify(error: PythonError): { readonly code: FunctionLoadErrorCode; readonly what: string } {
  if (/^ {2}File ".*", line \d+, in init_context$/m.test(error.traceback)) {
    return { code: "INIT_CONTEXT_FAILED", what: "init_context failed" };
  }
  switch (error.name) {
    case "SyntaxError":
    case "IndentationError":
    case "TabError":
      return { code: "SYNTAX_ERROR", what: "Python cannot read the function" };
    case "ModuleNotFoundError":
      return { code: "IMPORT_NOT_FOUND", what: "the function imports what is not installed for this Python" };
    default:
      return { code: "THROWN_AT_IMPORT", what: "the function raises while it is loaded" };
  }
}
