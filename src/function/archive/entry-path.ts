/** Names in archives, which may be anything, and the paths they may stand for. */
import { ArchiveDefect } from "./archive-entry.ts";

/**
 * The path below the directory unpacked into: no empty, "." or ".." parts; "" is the directory itself.
 * @throws ArchiveDefect for a name that leads out of it, or would on another system
 */
export function parseEntryPath(name: string): string {
  const shown = JSON.stringify(name);
  if (name.includes("\0")) throw new ArchiveDefect(`has an entry with a NUL in its name: ${shown}`);
  if (/^(?:\/|[a-z]:)/iu.test(name)) throw new ArchiveDefect(`has an entry with an absolute path: ${shown}`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new ArchiveDefect(`has an entry that leads out of the archive: ${shown}`);
  return parts.join("/");
}

/** @throws ArchiveDefect when it is not UTF-8 */
export function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const shown = JSON.stringify(Buffer.from(bytes).toString("latin1"));
    throw new ArchiveDefect(`has an entry whose name is not UTF-8: ${shown}`);
  }
}
