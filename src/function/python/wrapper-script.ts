/** The script a wrapper runs: our own, out of the executable, or the one `NUCLIO_PYTHON_WRAPPER_PATH` names. */
import { statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FunctionLoadError } from "../load-error.ts";
import { makePrivateDirectory } from "../private-directory.ts";
import msgpackSource from "./wrapper/_processor_msgpack.py" with { type: "text" };
import sdkSource from "./wrapper/_processor_sdk.py" with { type: "text" };
import wrapperSource from "./wrapper/_processor_wrapper.py" with { type: "text" };

/** What one start of a wrapper needs on disk; once it is connected nothing of it is needed any more. */
export interface WrapperStage extends Disposable {
  readonly script: string;
  /** For sockets; private. */
  readonly directory: string;
}

const ENTRY = "_processor_wrapper.py";
const SOURCES = { [ENTRY]: wrapperSource, "_processor_sdk.py": sdkSource, "_processor_msgpack.py": msgpackSource };

/**
 * The wrapper to use in place of our own; null when none is named.
 * @throws FunctionLoadError `WRAPPER_NOT_FOUND`
 */
export function findForeignWrapper(environment: Readonly<Record<string, string | undefined>>): string | null {
  const named = environment["NUCLIO_PYTHON_WRAPPER_PATH"] || null;
  if (named === null || statSync(named, { throwIfNoEntry: false })?.isFile() === true) return named;
  const message = `NUCLIO_PYTHON_WRAPPER_PATH names ${named}, which is no file: unset it to use the processor's own wrapper`;
  throw new FunctionLoadError("WRAPPER_NOT_FOUND", null, message);
}

/** @throws FunctionLoadError `CANNOT_UNPACK` */
export function stageWrapper(foreign: string | null): WrapperStage {
  try {
    const directory = makePrivateDirectory();
    const remove = directory[Symbol.dispose];
    if (foreign !== null) return { script: foreign, directory: directory.path, [Symbol.dispose]: remove };
    for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(directory.path, name), text);
    return { script: join(directory.path, ENTRY), directory: directory.path, [Symbol.dispose]: remove };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `no directory for Python can be made below ${tmpdir()}: ${reason}\nset TMPDIR to one that can be written`;
    throw new FunctionLoadError("CANNOT_UNPACK", null, message, { cause });
  }
}
