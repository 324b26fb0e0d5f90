/** An exception of the Python side, made of the traceback that came over. */
import { sep } from "node:path";

export class PythonError extends Error {
  /** The type of the exception, e.g. "ValueError". */
  override readonly name: string;
  /** Where it happened: the innermost place in the function's own folder, else the innermost of all. */
  readonly position: { readonly file: string; readonly line: number; readonly column: number } | undefined;
  /** Python's own words, with all frames. */
  readonly traceback: string;

  constructor(traceback: string, directory: string) {
    const { type, message } = exceptionOf(traceback);
    super(message);
    this.name = type;
    this.traceback = traceback;
    this.position = placeOf(traceback, directory);
  }
}

/** What stands behind the last line that is indented, as frames and their code are. */
function exceptionOf(traceback: string): { type: string; message: string } {
  const lines = traceback.trimEnd().split("\n");
  const text = lines.slice(lines.findLastIndex((line) => line.startsWith(" ")) + 1).join("\n");
  const [, type, message] = /^([\p{L}_][\p{L}\p{N}_.]*)(?:: ([\s\S]*))?$/u.exec(text) ?? [];
  return type === undefined ? { type: "Error", message: text } : { type, message: message ?? "" };
}

const FRAME = /^ {2}File "(.+?)", line (\d+)/gm;

function placeOf(traceback: string, directory: string): PythonError["position"] {
  const frames = [...traceback.matchAll(FRAME)].map(([, file = "", line]) => ({ file, line: Number(line), column: 1 }));
  const own = frames.filter(
    ({ file }) => file.startsWith(directory + sep) && !file.includes(`${sep}site-packages${sep}`),
  );
  return own.at(-1) ?? frames.at(-1);
}
