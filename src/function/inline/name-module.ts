/** Which file an inline source becomes and what of it is called: `spec.handler` names both, `spec.runtime` the language. */
import { extname } from "node:path";
import { FunctionLoadError } from "../load-error.ts";
import { findSyntaxDefect, type ScriptLanguage, type SyntaxDefect } from "./syntax-defect.ts";

export interface InlineModule {
  readonly language: "script" | "python";
  /** Relative path with its ending. */
  readonly file: string;
  /** The export or Python function; null: the one the contracts name. */
  readonly exportName: string | null;
}

/** Why a source cannot be run, and where in it. */
export class SourceCodeError extends FunctionLoadError {
  readonly defect: SyntaxDefect;
  constructor(defect: SyntaxDefect) {
    const { line, column, message, lineText } = defect;
    const excerpt = `\n  ${lineText}\n  ${" ".repeat(column - 1)}^`;
    super("SYNTAX_ERROR", "spec.build.functionSourceCode", `line ${line}, column ${column}: ${message}${excerpt}`);
    this.defect = defect;
  }
}

/**
 * Handlers: `module:function`, `module.function`, a file name with its ending, or a function's name. A module without
 * ending is TypeScript when it is not JavaScript.
 * @throws FunctionLoadError `BAD_HANDLER`; SourceCodeError
 */
export function nameModule(text: string, { handler, runtime }: { handler: string; runtime: string }): InlineModule {
  const isPython = runtime.toLowerCase().startsWith("python");
  const { module, exportName } = splitHandler(handler.replace(/^(?:\.\/)+/, ""), isPython ? "main" : "handler");
  if (!RELATIVE.test(module) || module.split("/").includes("..")) throw badHandler(handler);
  const ending = extname(module);
  if (ending === ".py" || (isPython && !(ending in LANGUAGES))) {
    const path = ending === ".py" ? module.slice(0, -3) : module.replaceAll(".", "/");
    return { language: "python", file: `${path}.py`, exportName: exportName ?? "handler" };
  }
  const named = LANGUAGES[ending];
  if (named !== undefined) {
    const defect = findSyntaxDefect(text, named);
    if (defect !== null) throw new SourceCodeError(defect);
    return { language: "script", file: module, exportName };
  }
  return { language: "script", file: module + chooseEnding(text), exportName };
}

const LANGUAGES: Readonly<Record<string, ScriptLanguage>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
};
const RELATIVE = /^(?![./])[\w\-./]+(?<!\/)$/;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function splitHandler(handler: string, own: string): { readonly module: string; readonly exportName: string | null } {
  const parts = handler.split(":");
  const [module = "", name] = parts;
  if (name !== undefined) {
    if (parts.length > 2 || module === "" || !NAME.test(name)) throw badHandler(handler);
    return { module, exportName: name };
  }
  const ending = extname(handler);
  if (handler === "" || handler === own) return { module: own, exportName: null };
  if (ending === ".py" || ending in LANGUAGES || handler.includes("/")) return { module: handler, exportName: null };
  // Kubeless: one dot between file and function.
  if (ending !== "" && NAME.test(ending.slice(1))) {
    return { module: handler.slice(0, -ending.length), exportName: ending.slice(1) };
  }
  if (NAME.test(handler)) return { module: own, exportName: handler };
  throw badHandler(handler);
}

function chooseEnding(text: string): ".js" | ".ts" {
  if (findSyntaxDefect(text, "js") === null) return ".js";
  const defect = findSyntaxDefect(text, "ts");
  if (defect === null) return ".ts";
  const mend = /^\s*(?:async\s+)?def\s+\w+\s*\(/m.test(text) ? ' - if this is Python, write "runtime: python"' : "";
  throw new SourceCodeError({ ...defect, message: defect.message + mend });
}

function badHandler(handler: string): FunctionLoadError {
  const message = `"${handler}" names no function of a source in the configuration: write "module:function", as in "main:handler"`;
  return new FunctionLoadError("BAD_HANDLER", "spec.handler", message);
}
