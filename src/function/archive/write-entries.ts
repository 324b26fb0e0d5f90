/** Writes what an archive holds below a directory, and never anywhere else. */
import { linkSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { ArchiveDefect, type ArchiveEntry, type ArchiveLimits, tooManyBytes } from "./archive-entry.ts";
import { parseEntryPath } from "./entry-path.ts";

export interface Written {
  /** Files and links. */
  readonly files: number;
  readonly bytes: number;
}

/**
 * Only the owner may read what is written; of modes the owner's right to execute is kept.
 * @param root Real path of an empty directory.
 * @throws ArchiveDefect, and what the file system says
 */
export function writeEntries(entries: Iterable<ArchiveEntry>, root: string, limits: ArchiveLimits): Written {
  const taken = new Map<string, ArchiveEntry["kind"]>([["", "directory"]]);
  const links: { readonly path: string; readonly target: string }[] = [];
  let files = 0;
  let bytes = 0;
  for (const entry of entries) {
    const path = parseEntryPath(entry.name);
    take(taken, path, entry.kind);
    if (taken.size - 1 > limits.maxEntries) throw tooManyEntries(limits);
    if (entry.kind === "directory") {
      mkdirSync(join(root, path), { recursive: true, mode: 0o700 });
      continue;
    }
    files++;
    mkdirSync(join(root, dirname(path)), { recursive: true, mode: 0o700 });
    switch (entry.kind) {
      case "file":
        bytes += entry.sizeBytes;
        if (bytes > limits.maxBytes) throw tooManyBytes(limits);
        writeFileSync(join(root, path), entry.read(), { flag: "wx", mode: entry.executable ? 0o700 : 0o600 });
        break;
      case "hardlink": {
        const target = parseEntryPath(entry.target);
        if (taken.get(target) !== "file") throw badLink(entry, "which is no file before it");
        linkSync(join(root, target), join(root, path));
        break;
      }
      case "symlink":
        links.push({ path, target: entry.target });
    }
  }
  writeLinks(links, root);
  return { files, bytes };
}

/** Last, so that nothing is written through a link; checked when all are there, because links may lead through links. */
function writeLinks(links: readonly { readonly path: string; readonly target: string }[], root: string): void {
  for (const { path, target } of links) {
    if (isAbsolute(target) || target.includes("\0") || target === "") throw badLink({ name: path, target }, OUTSIDE);
    symlinkSync(target, join(root, path));
  }
  for (const { path, target } of links) {
    const place = realPath(join(root, path));
    if (place === null) throw badLink({ name: path, target }, "where nothing is");
    if (/^\.\.(?:\/|$)/.test(relative(root, place))) throw badLink({ name: path, target }, OUTSIDE);
  }
}

const OUTSIDE = "out of the archive";

/** Null when the link leads nowhere, or round in a circle. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    // Whatever keeps it from being followed, a function could not follow it either.
    return null;
  }
}

/** Directories may come twice, also as parts of other paths; everything else once. */
function take(taken: Map<string, ArchiveEntry["kind"]>, path: string, kind: ArchiveEntry["kind"]): void {
  const before = taken.get(path);
  if (before !== undefined && (before !== "directory" || kind !== "directory")) throw duplicate(path);
  if (before !== undefined) return;
  for (let parent = parentOf(path); taken.get(parent) !== "directory"; parent = parentOf(parent)) {
    if (taken.has(parent)) throw duplicate(parent);
    taken.set(parent, "directory");
  }
  taken.set(path, kind);
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === "." ? "" : parent;
}

function duplicate(path: string): ArchiveDefect {
  return new ArchiveDefect(`has two entries for ${JSON.stringify(path)}`);
}

function badLink({ name, target }: { readonly name: string; readonly target: string }, where: string): ArchiveDefect {
  return new ArchiveDefect(`has a link ${JSON.stringify(name)} that leads to ${JSON.stringify(target)}, ${where}`);
}

function tooManyEntries({ maxEntries }: ArchiveLimits): ArchiveDefect {
  return new ArchiveDefect(
    `holds more than the ${maxEntries} files and directories a function may have: leave out what it does not need at run time`,
  );
}
