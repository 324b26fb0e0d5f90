/** Finds the Python file that `spec.handler` names. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { FunctionLoadError } from "../load-error.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import type { FunctionSource } from "../locate.ts";
import { pythonPath } from "./python-path.ts";

export type PythonFunction = Extract<LoadedFunction, { contract: "python" }>;

/** `spec.runtime` says so, or the handler names a Python file. */
export function isPython(source: Pick<FunctionSource, "handler" | "runtime">): boolean {
  return source.runtime.toLowerCase().startsWith("python") || /\.py(:\w+)?$/.test(source.handler);
}

/**
 * Handlers: `module:function` with dots in the module, `path/file.py:function`, `module.function`, or the name of a function
 * in `main.py` or `handler.py`. Of a file alone it is `handler`.
 * @throws FunctionLoadError `BAD_HANDLER`, `FUNCTION_NOT_FOUND`
 */
export function locatePython(
  source: Pick<FunctionSource, "handler" | "searchPath">,
  environment: Readonly<Record<string, string | undefined>>,
): PythonFunction {
  const { modules, name } = splitHandler(source.handler);
  const places = [...new Set([...source.searchPath, ...pythonPath(environment)])];
  for (const module of modules) {
    const asFile = isFileName(module);
    const relative = pathOf(module);
    for (const place of isAbsolute(relative) ? [""] : places) {
      const file = [join(place, relative), join(place, relative.replace(/\.py$/, "/__init__.py"))].find(isFile);
      if (file !== undefined) return found(file, asFile ? null : { module, place }, name);
    }
  }
  throw notFound(source.handler, modules.map(pathOf), places);
}

const MODULE = /^[\w-]+(\.[\w-]+)*$/;
const NAME = /^\w+$/;
const OWN_MODULES = ["main", "handler"];
const DEFAULT_FUNCTION = "handler";

function splitHandler(handler: string): { readonly modules: readonly string[]; readonly name: string } {
  if (NAME.test(handler)) return { modules: OWN_MODULES, name: handler };
  const colon = handler.lastIndexOf(":");
  const dot = isFileName(handler) ? -1 : handler.lastIndexOf(".");
  const at = colon < 0 ? dot : colon;
  const module = at < 0 ? handler : handler.slice(0, at);
  const name = at < 0 ? DEFAULT_FUNCTION : handler.slice(at + 1);
  if (NAME.test(name) && (isFileName(module) || MODULE.test(module))) return { modules: [module], name };
  const what = handler === "" ? "there is no handler" : `the handler "${handler}" names no Python function`;
  throw new FunctionLoadError("BAD_HANDLER", "spec.handler", `${what}: write module:function, e.g. "main:handler"`);
}

function isFileName(module: string): boolean {
  return module.endsWith(".py") || module.includes("/");
}

function pathOf(module: string): string {
  if (module.endsWith(".py")) return module;
  return `${isFileName(module) ? module : module.replaceAll(".", "/")}.py`;
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

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function notFound(handler: string, paths: readonly string[], places: readonly string[]): FunctionLoadError {
  const where = paths.every(isAbsolute) ? "" : `, looked in\n${places.map((place) => `  ${place}`).join("\n")}`;
  const message = `the function "${handler}" is not there: no ${paths.join(" or ")}${where}`;
  return new FunctionLoadError("FUNCTION_NOT_FOUND", "spec.handler", message);
}
