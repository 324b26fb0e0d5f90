/** Finds the Python that runs functions. */
import { statSync } from "node:fs";
import { FunctionLoadError } from "../load-error.ts";

/**
 * `NUCLIO_PYTHON_EXE_PATH`, else `python3` or `python` on PATH.
 * @throws FunctionLoadError `PYTHON_NOT_FOUND`
 */
export function findPython(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment["NUCLIO_PYTHON_EXE_PATH"];
  const path = environment["PATH"] ?? "";
  if (named) {
    const found = named.includes("/") ? (isFile(named) ? named : null) : Bun.which(named, { PATH: path });
    if (found !== null) return found;
    throw notFound(`NUCLIO_PYTHON_EXE_PATH names ${named}, which is not there`);
  }
  const found = Bun.which("python3", { PATH: path }) ?? Bun.which("python", { PATH: path });
  if (found !== null) return found;
  throw notFound("there is no python3 on PATH: install Python 3.9 or later, or set NUCLIO_PYTHON_EXE_PATH");
}

function notFound(what: string): FunctionLoadError {
  return new FunctionLoadError("PYTHON_NOT_FOUND", "spec.runtime", `the function needs Python, but ${what}`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
