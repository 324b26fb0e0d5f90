/** Opens an archive by what it is, whatever its name says. */
import { gunzipSync } from "node:zlib";
import { ArchiveDefect, type ArchiveEntry, type ArchiveLimits, tooManyBytes } from "./archive-entry.ts";
import { readTar } from "./read-tar.ts";
import { readZip } from "./read-zip.ts";

/** @throws ArchiveDefect, also while the entries are walked through */
export function readArchive(bytes: Uint8Array, limits: ArchiveLimits): Iterable<ArchiveEntry> {
  if (startsWith(bytes, "PK\x03\x04") || startsWith(bytes, "PK\x05\x06")) return readZip(bytes);
  if (startsWith(bytes, "\x1f\x8b")) return readTar(gunzip(bytes, limits));
  throw new ArchiveDefect(
    bytes.length === 0 ? "is empty" : "is neither a zip nor a tar.gz: its content begins with something else",
  );
}

/** Whether the bytes begin as one that can be read here. */
export function isArchive(bytes: Uint8Array): boolean {
  return ["PK\x03\x04", "PK\x05\x06", "\x1f\x8b"].some((magic) => startsWith(bytes, magic));
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return Buffer.from(bytes.subarray(0, magic.length)).toString("latin1") === magic;
}

/** Headers, extended headers and padding of one entry in a tar. */
const tarOverheadBytes = 3 * 1024;

function gunzip(bytes: Uint8Array, limits: ArchiveLimits): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limits.maxBytes + limits.maxEntries * tarOverheadBytes });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooManyBytes(limits);
    throw new ArchiveDefect(`is damaged or truncated: gzip: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
