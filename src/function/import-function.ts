/** Imports a function's module and puts into words what can go wrong with that. */
import { readFileSync } from "node:fs";
import { describeFailure } from "./describe-failure.ts";
import { FunctionLoadError } from "./load-error.ts";

/** What a module exports. A CommonJS module's `module.exports` is `default`, its keys stand beside it. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * @param file Real path of the module.
 * @throws FunctionLoadError `SYNTAX_ERROR`, `IMPORT_NOT_FOUND`, `THROWN_AT_IMPORT`
 */
export async function importFunction(file: string): Promise<ModuleExports> {
  refuseTypesPackage();
  try {
    return (await import(file)) as ModuleExports;
  } catch (error) {
    throw inWords(error, file);
  }
}

const TYPES_PACKAGE = "digitalhub-processor";
let refused = false;

class TypesOnlyError extends Error {}

/** An `import type` of the package is erased; one that needs it at run time is a mistake worth a clear message. */
function refuseTypesPackage(): void {
  if (refused) return;
  refused = true;
  Bun.plugin({
    name: "types-only",
    setup(build) {
      build.module(TYPES_PACKAGE, () => {
        throw new TypesOnlyError();
      });
    },
  });
}

function inWords(error: unknown, file: string): FunctionLoadError {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (first instanceof TypesOnlyError) {
    const mend = 'the function needs none of it at run time, import it with "import type"';
    const message = `${placeNaming(quoted(TYPES_PACKAGE), file)}: "${TYPES_PACKAGE}" has types only: ${mend}`;
    return new FunctionLoadError("IMPORT_NOT_FOUND", null, message, { cause: error });
  }
  if (first instanceof Error && "specifier" in first) return importNotFound(first, file);
  const described = describeFailure(first, { file });
  const place = `${described.file ?? file}${described.line === null ? "" : `:${described.line}:${described.column}`}`;
  if (first instanceof Error && (first.name === "BuildMessage" || first instanceof SyntaxError)) {
    const more = error instanceof AggregateError ? ` (and ${error.errors.length - 1} more)` : "";
    const [, missing] = /^Export named '(.+?)' not found/.exec(first.message) ?? [];
    const where = missing === undefined ? place : placeNaming([missing], file);
    const message = `${where}: ${first.message}${more}${excerpt(first)}`;
    return new FunctionLoadError("SYNTAX_ERROR", null, message, { cause: error });
  }
  const message = `${place}: the function throws while it is loaded\n${described.message}`;
  return new FunctionLoadError("THROWN_AT_IMPORT", null, message, { cause: error });
}

function excerpt(error: Error): string {
  const position = "position" in error ? error.position : null;
  if (typeof position !== "object" || position === null || !("lineText" in position)) return "";
  const column = "column" in position && typeof position.column === "number" ? position.column : 1;
  return `\n  ${String(position.lineText)}\n  ${" ".repeat(column - 1)}^`;
}

function importNotFound(error: Error & { specifier?: unknown; referrer?: unknown }, file: string): FunctionLoadError {
  const specifier = String(error.specifier);
  const referrer = typeof error.referrer === "string" && error.referrer !== "" ? error.referrer : file;
  const mend = /^[./#]/.test(specifier)
    ? "there is no such file"
    : `install it beside the function: "bun add ${packageOf(specifier)}" (or npm) in its directory`;
  const message = `${placeNaming(quoted(specifier), referrer)}: cannot find "${specifier}": ${mend}`;
  return new FunctionLoadError("IMPORT_NOT_FOUND", null, message, { cause: error });
}

/** The import's file and line, which the error itself does not carry. */
function placeNaming(texts: readonly string[], file: string): string {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    const index = lines.findIndex((line) => texts.some((text) => line.includes(text)));
    return index < 0 ? file : `${file}:${index + 1}`;
  } catch {
    // The line is a help, not a need: without the source the file alone is named.
    return file;
  }
}

function quoted(specifier: string): string[] {
  return [`"${specifier}"`, `'${specifier}'`];
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
