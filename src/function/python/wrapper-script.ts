/** The wrapper script on disk: our own, out of the executable, or the one `NUCLIO_PYTHON_WRAPPER_PATH` names. */
import { statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FunctionLoadError } from "../load-error.ts";
import { makePrivateDirectory } from "../private-directory.ts";
import msgpackSource from "./wrapper/_processor_msgpack.py" with { type: "text" };
import sdkSource from "./wrapper/_processor_sdk.py" with { type: "text" };
import wrapperSource from "./wrapper/_processor_wrapper.py" with { type: "text" };

export interface WrapperScript extends Disposable {
  readonly file: string;
  readonly own: boolean;
  /** A private directory, also for sockets; disposing removes it. */
  readonly directory: string;
}

const ENTRY = "_processor_wrapper.py";
const SOURCES = { [ENTRY]: wrapperSource, "_processor_sdk.py": sdkSource, "_processor_msgpack.py": msgpackSource };

/** @throws FunctionLoadError `WRAPPER_NOT_FOUND`, `CANNOT_UNPACK` */
export function placeWrapperScript(environment: Readonly<Record<string, string | undefined>>): WrapperScript {
  const named = environment["NUCLIO_PYTHON_WRAPPER_PATH"] || null;
  if (named !== null && statSync(named, { throwIfNoEntry: false })?.isFile() !== true) {
    const message = `NUCLIO_PYTHON_WRAPPER_PATH names ${named}, which is no file: unset it to use the processor's own wrapper`;
    throw new FunctionLoadError("WRAPPER_NOT_FOUND", null, message);
  }
  try {
    const directory = makePrivateDirectory();
    const shared = { directory: directory.path, [Symbol.dispose]: directory[Symbol.dispose] };
    if (named !== null) return { ...shared, file: named, own: false };
    for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(directory.path, name), text);
    return { ...shared, file: join(directory.path, ENTRY), own: true };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `no directory for Python can be made below ${tmpdir()}: ${reason}\nset TMPDIR to one that can be written`;
    throw new FunctionLoadError("CANNOT_UNPACK", null, message, { cause });
  }
}
