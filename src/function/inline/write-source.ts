/** Puts a function that stands in the configuration where it can be loaded from: into a private directory of its own. */
import { mkdirSync, symlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ArchiveDefect, archiveLimits } from "../archive/archive-entry.ts";
import { locateUnpacked } from "../archive/locate-unpacked.ts";
import { readArchive } from "../archive/read-archive.ts";
import { writeEntries, type Written } from "../archive/write-entries.ts";
import { FunctionLoadError } from "../load-error.ts";
import type { FunctionSource } from "../locate.ts";
import { makePrivateDirectory } from "../private-directory.ts";
import { nameModule } from "./name-module.ts";
import type { SourceCode } from "./source-code.ts";

export interface WrittenSource extends Disposable, Written {
  /** Names the written module. */
  readonly source: FunctionSource;
  /** The directory made for it, which disposing removes. */
  readonly directory: string;
}

/**
 * The nearest `node_modules` above the places the function would otherwise be looked for in can be imported from.
 * @throws FunctionLoadError `BAD_HANDLER`, `SYNTAX_ERROR`, `BAD_ARCHIVE`, `CANNOT_UNPACK`; then nothing is left behind
 */
export function writeSource(code: SourceCode, source: FunctionSource): WrittenSource {
  const directory = makeDirectory();
  try {
    // Packages stand above the function's own directory: those an archive brings along go first.
    const root = join(directory.path, "function");
    mkdirSync(root, { mode: 0o700 });
    linkPackages(directory.path, source.searchPath);
    const written = code.kind === "archive" ? unpack(code.bytes, root, source) : writeText(code.text, root, source);
    return { ...written, directory: directory.path, [Symbol.dispose]: directory[Symbol.dispose] };
  } catch (error) {
    directory[Symbol.dispose]();
    if (error instanceof FunctionLoadError) throw error;
    throw cannotWrite(error);
  }
}

function writeText(text: string, root: string, source: FunctionSource): Written & { readonly source: FunctionSource } {
  const { language, file, exportName } = nameModule(text, source);
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
  const written = { files: 1, bytes: Buffer.byteLength(text) };
  if (language === "python") {
    const handler = `${file.slice(0, -".py".length).replaceAll("/", ".")}:${exportName ?? "handler"}`;
    return { ...written, source: { handler, runtime: "python", searchPath: [root, ...source.searchPath] } };
  }
  return { ...written, source: { ...source, handler: exportName === null ? path : `${path}:${exportName}` } };
}

function unpack(
  bytes: Uint8Array,
  root: string,
  source: FunctionSource,
): Written & { readonly source: FunctionSource } {
  try {
    const written = writeEntries(readArchive(bytes, archiveLimits), root, archiveLimits);
    const found = locateUnpacked(root, source);
    if (found !== null) return { ...written, source: found };
    throw new ArchiveDefect("has no function at its top: name it in spec.handler");
  } catch (error) {
    if (!(error instanceof ArchiveDefect)) throw error;
    const message = `the archive in spec.build.functionSourceCode ${error.message}`;
    throw new FunctionLoadError("BAD_ARCHIVE", "spec.build.functionSourceCode", message, { cause: error });
  }
}

function linkPackages(directory: string, places: readonly string[]): void {
  const packages = places.map(nearestPackages).find((found) => found !== null);
  if (packages !== undefined) symlinkSync(packages, join(directory, "node_modules"));
}

function nearestPackages(place: string): string | null {
  const packages = join(place, "node_modules");
  if (statSync(packages, { throwIfNoEntry: false })?.isDirectory()) return packages;
  const parent = dirname(place);
  return parent === place ? null : nearestPackages(parent);
}

function makeDirectory() {
  try {
    return makePrivateDirectory();
  } catch (error) {
    throw cannotWrite(error);
  }
}

function cannotWrite(cause: unknown): FunctionLoadError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `spec.build.functionSourceCode cannot be written to a file: ${reason}\nset TMPDIR to a directory that can be written and has room`;
  return new FunctionLoadError("CANNOT_UNPACK", null, message, { cause });
}
