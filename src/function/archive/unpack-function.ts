/** Functions that come as an archive: unpacked into a private directory, and looked for there as in any directory. */
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FunctionLoadError } from "../load-error.ts";
import { type FunctionSource, locateArchive, locateInDirectory } from "../locate.ts";
import { isPython } from "../python/locate.ts";
import { makePrivateDirectory, type PrivateDirectory } from "../private-directory.ts";
import { ArchiveDefect, archiveLimits, type ArchiveLimits } from "./archive-entry.ts";
import { locateUnpacked } from "./locate-unpacked.ts";
import { readArchive } from "./read-archive.ts";
import { writeEntries, type Written } from "./write-entries.ts";

export interface UnpackedFunction extends Disposable, Written {
  /** Real path of the archive. */
  readonly archive: string;
  /** Names the unpacked module. */
  readonly source: FunctionSource;
  /** The directory made for it, which disposing removes. */
  readonly directory: string;
}

/**
 * Null when the handler names no archive, or one that is not there. Otherwise there is a directory to dispose of.
 * @throws FunctionLoadError `BAD_ARCHIVE`, `CANNOT_UNPACK`; then nothing is left behind
 */
export function unpackFunction(
  source: FunctionSource,
  environment: Readonly<Record<string, string | undefined>>,
  limits: ArchiveLimits = archiveLimits,
): UnpackedFunction | null {
  const location = locateArchive(source, environment);
  if (location === null) return null;
  const { file: archive, inner } = location;
  const directory = makeDirectory(archive);
  try {
    // A directory within the private one: what lies beside the function is private too.
    const root = join(directory.path, "function");
    mkdirSync(root, { mode: 0o700 });
    const written = writeEntries(readArchive(readPacked(archive, limits), limits), root, limits);
    const found = locateInner(root, inner, source);
    if (found === null) throw noFunction(root);
    return {
      ...written,
      archive,
      source: found,
      directory: directory.path,
      [Symbol.dispose]: directory[Symbol.dispose],
    };
  } catch (error) {
    directory[Symbol.dispose]();
    if (error instanceof FunctionLoadError) throw error;
    if (error instanceof ArchiveDefect) {
      throw new FunctionLoadError("BAD_ARCHIVE", null, `${archive} ${error.message}`, { cause: error });
    }
    throw cannotUnpack(archive, error);
  }
}

/** A name alone is an export of the directory's own function, not a file in it. */
function locateInner(root: string, inner: string, source: FunctionSource): FunctionSource | null {
  const own = inner === "" || inner.includes(":") || isPython(source) ? null : locateInDirectory(root);
  return locateUnpacked(root, { ...source, handler: own === null ? inner : `${own}:${inner}` });
}

function makeDirectory(archive: string): PrivateDirectory {
  try {
    return makePrivateDirectory();
  } catch (error) {
    throw cannotUnpack(archive, error);
  }
}

function readPacked(archive: string, limits: ArchiveLimits): Uint8Array {
  if (statSync(archive).size > limits.maxBytes) {
    throw new ArchiveDefect(`is larger than the ${limits.maxBytes / (1024 * 1024)} MiB a function may have unpacked`);
  }
  return readFileSync(archive);
}

function noFunction(root: string): ArchiveDefect {
  const names = readdirSync(root, { withFileTypes: true }).map((each) => each.name + (each.isDirectory() ? "/" : ""));
  const shown = names.sort().slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  return new ArchiveDefect(
    `has no package.json main, handler or index at its top${shown === "" ? ": it is empty" : `, but ${shown}`}`,
  );
}

function cannotUnpack(archive: string, cause: unknown): FunctionLoadError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${archive} cannot be unpacked below ${tmpdir()}: ${reason}\nset TMPDIR to a directory that can be written and has room`;
  return new FunctionLoadError("CANNOT_UNPACK", null, message, { cause });
}
