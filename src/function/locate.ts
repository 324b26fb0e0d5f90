/** Finds the file of the function that `spec.handler` or the command line names. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { extname, isAbsolute, join, resolve } from "node:path";
import { FunctionLoadError } from "./load-error.ts";

/** Where the configuration says the function is. */
export interface FunctionSource {
  /** `spec.handler` or the command line's file; "" when neither is given. */
  readonly handler: string;
  /** `spec.runtime`, "" when absent. */
  readonly runtime: string;
  /** Directories to look in, in order; absolute. */
  readonly searchPath: readonly string[];
}

export interface FunctionLocation {
  /** Real path: a path that held a symbolic link would be loaded from where the link once pointed. */
  readonly file: string;
  /** The only export that may be the function; null: whichever the contracts name. */
  readonly exportName: string | null;
}

/**
 * Handlers: `module:export`, a file, a directory, `module.export` as Kubeless has it, the name of an export of
 * `handler.js`, or "" for the `handler` or `index` file of the first place that has one.
 * @throws FunctionLoadError `BAD_HANDLER`, `FUNCTION_NOT_FOUND`
 */
export function locateFunction(
  source: Pick<FunctionSource, "handler" | "searchPath">,
  environment: Readonly<Record<string, string | undefined>>,
): FunctionLocation {
  const places = searchPlaces(source, environment);
  const { handler } = source;
  const whole = find(handler, places);
  if (whole !== null) return { file: whole, exportName: null };

  const named = splitExport(handler);
  if (named !== null) {
    const { module, exportName } = named;
    if (module === "" || !IDENTIFIER.test(exportName)) throw badHandler(handler);
    const file = find(module, places);
    if (file !== null) return { file, exportName };
    throw module.includes(":") ? badHandler(handler) : notFound(handler, module, places);
  }
  const dotted = splitDot(handler);
  if (dotted !== null) {
    const file = find(dotted.module, places);
    if (file !== null) return { file, exportName: dotted.exportName };
  }
  if (handler !== "" && IDENTIFIER.test(handler)) {
    const file = find("handler", places);
    if (file !== null) return { file, exportName: handler };
  }
  throw notFound(handler, handler, places);
}

/** An archive and what of it is the function. */
export interface ArchiveLocation {
  /** Real path. */
  readonly file: string;
  /** "", the name of an export, or `module:export`. */
  readonly inner: string;
}

/** The archive that `archive`, `archive:export` or `archive:module:export` names; null when it is none or not there. */
export function locateArchive(
  source: Pick<FunctionSource, "handler" | "searchPath">,
  environment: Readonly<Record<string, string | undefined>>,
): ArchiveLocation | null {
  const places = searchPlaces(source, environment);
  const parts = source.handler.split(":");
  for (let count = parts.length; count > 0 && parts.length - count <= 2; count--) {
    const name = parts.slice(0, count).join(":");
    const last = parts.at(-1) ?? "";
    if (count < parts.length && !IDENTIFIER.test(last)) continue;
    if (!ARCHIVES.some((extension) => name.toLowerCase().endsWith(extension))) continue;
    const file = candidates(name, places).find((path) => kindOf(path) === "file");
    if (file !== undefined) return { file: realpathSync(file), inner: parts.slice(count).join(":") };
  }
  return null;
}

/** The real path of a directory's own function: `main` of its package.json, `handler` or `index`; null when it has none. */
export function locateInDirectory(directory: string): string | null {
  const file = directoryEntry(directory);
  return file === null ? null : realpathSync(file);
}

const ARCHIVES = [".zip", ".tar.gz", ".tgz"];
const EXTENSIONS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"];
const FILE_ENDINGS = [...EXTENSIONS, ".jsx", ".json", ".py", ".yaml", ".yml", ".zip", ".tgz", ".tar", ".gz"];
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function searchPlaces(
  source: Pick<FunctionSource, "searchPath">,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return [...new Set([...source.searchPath, environment["NUCLIO_HANDLER_DIR"] || "/opt/nuclio"])];
}

/** At the last colon, because paths may hold some; null without one. */
function splitExport(handler: string): { readonly module: string; readonly exportName: string } | null {
  const at = handler.lastIndexOf(":");
  return at < 0 ? null : { module: handler.slice(0, at), exportName: handler.slice(at + 1) };
}

/** At the only dot, unless what follows is the ending of a file that is missing; null without one. */
function splitDot(handler: string): { readonly module: string; readonly exportName: string } | null {
  const [, module, exportName] = /^((?:.*\/)?[^./]+)\.([^./]+)$/.exec(handler) ?? [];
  if (module === undefined || exportName === undefined || !IDENTIFIER.test(exportName)) return null;
  return FILE_ENDINGS.includes(`.${exportName}`) ? null : { module, exportName };
}

/** The first file the module's name stands for in one of the places; null when there is none. */
function find(module: string, places: readonly string[]): string | null {
  for (const path of candidates(module, places)) {
    const file = fileAt(path) ?? directoryEntry(path);
    if (file !== null) return realpathSync(file);
  }
  return null;
}

function candidates(module: string, places: readonly string[]): string[] {
  return isAbsolute(module) ? [module] : places.map((place) => resolve(place, module));
}

function fileAt(path: string): string | null {
  const named = EXTENSIONS.includes(extname(path)) ? [path] : [];
  return [...named, ...EXTENSIONS.map((extension) => path + extension)].find((file) => kindOf(file) === "file") ?? null;
}

function directoryEntry(directory: string): string | null {
  if (kindOf(directory) !== "directory") return null;
  const main = packageMain(directory);
  const entries = main === null ? [] : [main, join(main, "index")];
  for (const entry of [...entries, "handler", "index"]) {
    const file = fileAt(join(directory, entry));
    if (file !== null) return file;
  }
  return null;
}

function packageMain(directory: string): string | null {
  const file = join(directory, "package.json");
  if (kindOf(file) !== "file") return null;
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    const main = typeof content === "object" && content !== null && "main" in content ? content.main : null;
    return typeof main === "string" && main !== "" ? main : null;
  } catch (cause) {
    throw new FunctionLoadError("FUNCTION_NOT_FOUND", null, `${file} cannot be read: ${String(cause)}`, { cause });
  }
}

function kindOf(path: string): "file" | "directory" | null {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return null;
  return status.isFile() ? "file" : status.isDirectory() ? "directory" : null;
}

function badHandler(handler: string): FunctionLoadError {
  return new FunctionLoadError(
    "BAD_HANDLER",
    "spec.handler",
    `"${handler}" is not a handler: write "file.ts", "module:export" or the name of an export of handler.js`,
  );
}

function notFound(handler: string, module: string, places: readonly string[]): FunctionLoadError {
  const paths = candidates(module, places);
  const foreign = paths.find((path) => kindOf(path) === "file");
  if (foreign !== undefined) {
    const message = `${foreign} is neither JavaScript nor TypeScript: a function's file ends in ${EXTENSIONS.join(" ")}, an archive in ${ARCHIVES.join(" ")}`;
    return new FunctionLoadError("NOT_SUPPORTED", "spec.handler", message);
  }
  const looked = paths.map((path) => `\n  ${path}`);
  const named = handler === "" ? "no function is named and there is none" : `there is no function "${handler}"`;
  const endings = EXTENSIONS.join(" ");
  const alternative =
    handler === module && IDENTIFIER.test(handler) ? `, nor a handler.js that could export "${handler}"` : "";
  return new FunctionLoadError(
    "FUNCTION_NOT_FOUND",
    "spec.handler",
    `${named}${alternative}. Looked for a file (also with ${endings}) or a directory with a package.json main, handler or index at:${looked.join("")}`,
  );
}
