/** Reads a configuration file as text. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { SourceText } from "./source-text.ts";

export type ReadSource =
  | { readonly kind: "text"; readonly text: SourceText }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; /** Completes "<file> …". */ readonly reason: string };

/** Far above any configuration, also one that carries its function's source. */
const maxBytes = 16 * 1024 * 1024;

export function readSource(file: string, cwd: string): ReadSource {
  try {
    const path = resolve(cwd, file);
    const stat = statSync(path);
    if (stat.isDirectory()) return { kind: "unreadable", reason: "is a directory: name the file in it" };
    if (stat.size > maxBytes) return { kind: "unreadable", reason: "is larger than 16 MiB" };
    // A device may have no end. A pipe has one, and is what `--config <(…)` gives.
    if (!stat.isFile() && !stat.isFIFO()) return { kind: "unreadable", reason: "is not a regular file" };
    const bytes = readFileSync(path);
    if (bytes.includes(0)) return { kind: "unreadable", reason: "is not a text file" };
    return { kind: "text", text: { file, content: new TextDecoder("utf-8", { fatal: true }).decode(bytes) } };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): ReadSource {
  const code = error instanceof Error && "code" in error ? error.code : null;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return { kind: "absent" };
    case "EACCES":
      return { kind: "unreadable", reason: "may not be read by this user" };
    case "ERR_ENCODING_INVALID_ENCODED_DATA":
      return { kind: "unreadable", reason: "is not UTF-8 text" };
    default:
      return {
        kind: "unreadable",
        reason: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      };
  }
}
