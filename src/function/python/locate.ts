/** Finds the Python file that `spec.handler` names. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { FunctionLoadError } from "../load-error.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import type { FunctionSource } from "../locate.ts";
import { pythonPath } from "./command.ts";

export type PythonFunction = Extract<LoadedFunction, { contract: "python" }>;

/** `spec.runtime` says so, or the handler names a Python file. */
export function isPython(source: Pick<FunctionSource, "handler" | "runtime">): boolean {
  return source.runtime.toLowerCase().startsWith("python") || /\.py(:\w+)?$/.test(source.handler);
}

/**
 * Handlers: `module:function` with dots in the module, `path/file.py:function`, or a function of `main.py` alone. Without a
 * function's name it is `handler`.
 * @throws FunctionLoadError `BAD_HANDLER`, `FUNCTION_NOT_FOUND`
 */
export function locatePython(
  source: Pick<FunctionSource, "handler" | "searchPath">,
  environment: Readonly<Record<string, string | undefined>>,
): PythonFunction {
  const { module, name } = splitHandler(source.handler);
  const places = [...new Set([...source.searchPath, ...pythonPath(environment)])];
  const asFile = module.endsWith(".py") || module.includes("/");
  const relative = asFile ? withExtension(module) : `${module.replaceAll(".", "/")}.py`;
  for (const place of isAbsolute(relative) ? [""] : places) {
    const file = [join(place, relative), join(place, relative.replace(/\.py$/, "/__init__.py"))].find(isFile);
    if (file !== undefined) return found(file, asFile ? null : { module, place }, name);
  }
  throw notFound(source.handler, relative, isAbsolute(relative) ? [] : places);
}

const MODULE = /^[\w-]+(\.[\w-]+)*$/;
const DEFAULT_MODULE = "main";
const DEFAULT_FUNCTION = "handler";

function splitHandler(handler: string): { readonly module: string; readonly name: string } {
  const at = handler.lastIndexOf(":");
  const isName = at < 0 && /^\w+$/.test(handler);
  const module = isName ? DEFAULT_MODULE : at < 0 ? handler : handler.slice(0, at);
  const name = isName ? handler : at < 0 ? DEFAULT_FUNCTION : handler.slice(at + 1);
  const isFileName = module.endsWith(".py") || module.includes("/");
  if (/^\w+$/.test(name) && (isFileName || MODULE.test(module))) return { module, name };
  const what = handler === "" ? "there is no handler" : `the handler "${handler}" names no Python function`;
  throw new FunctionLoadError("BAD_HANDLER", "spec.handler", `${what}: write module:function, e.g. "main:handler"`);
}

/** A file's own directory is where its imports are looked for; a module's is the place its name starts from. */
function found(
  file: string,
  asModule: { readonly module: string; readonly place: string } | null,
  name: string,
): PythonFunction {
  const real = realpathSync(file);
  const directory = asModule === null ? dirname(resolve(file)) : resolve(asModule.place);
  const module = asModule?.module ?? basename(file, ".py");
  const origin = { file: real, exportName: name };
  return { contract: "python", origin, handler: `${module}:${name}`, directory };
}

function withExtension(path: string): string {
  return path.endsWith(".py") ? path : `${path}.py`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function notFound(handler: string, relative: string, places: readonly string[]): FunctionLoadError {
  const where = places.length === 0 ? "" : `, looked in\n${places.map((place) => `  ${place}`).join("\n")}`;
  const message = `the function "${handler}" is not there: no ${relative}${where}`;
  return new FunctionLoadError("FUNCTION_NOT_FOUND", "spec.handler", message);
}
