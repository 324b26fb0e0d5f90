/** Finds the function in a directory of its own: what an archive was unpacked into. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { type FunctionSource, locateFunction, locateInDirectory } from "../locate.ts";
import { isPython, locatePython } from "../python/locate.ts";

/**
 * Where to load it from: the handler now names it for sure. Null when the source names none and the directory has no
 * function of its own: `main` of its package.json, `handler` or `index`, in Python `main` or `handler`.
 * @throws FunctionLoadError
 */
export function locateUnpacked(root: string, source: FunctionSource): FunctionSource | null {
  const { handler, runtime } = source;
  if (isPython(source)) {
    const named = handler === "" ? ownPython(root) : handler;
    if (named === null) return null;
    const { handler: found } = locatePython({ handler: named, searchPath: [root] }, {});
    return { handler: found, runtime: "python", searchPath: [root, ...source.searchPath] };
  }
  const { file, exportName } =
    handler === ""
      ? { file: locateInDirectory(root), exportName: null }
      : locateFunction({ handler, searchPath: [root] }, { NUCLIO_HANDLER_DIR: root });
  if (file === null) return null;
  return { handler: exportName === null ? file : `${file}:${exportName}`, runtime, searchPath: source.searchPath };
}

function ownPython(root: string): string | null {
  const own = ["main", "handler"].find((name) =>
    statSync(join(root, `${name}.py`), { throwIfNoEntry: false })?.isFile(),
  );
  return own === undefined ? null : `${own}:handler`;
}
