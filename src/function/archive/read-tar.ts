/**
 * Reads tar archives (POSIX.1-2024, pax): ustar headers, extended headers with `path`, `linkpath` and `size`, and GNU's
 * long names. Devices, pipes and sparse files are refused.
 */
import { ArchiveDefect, type ArchiveEntry } from "./archive-entry.ts";
import { decodeName } from "./entry-path.ts";

/** @throws ArchiveDefect */
export function* readTar(bytes: Uint8Array): Generator<ArchiveEntry> {
  let extended: Extended = {};
  for (let at = 0; ;) {
    if (at + BLOCK > bytes.length) throw truncated();
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    assertChecksum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const isExtension = EXTENSIONS.has(type);
    const sizeBytes = (isExtension ? undefined : extended.sizeBytes) ?? parseNumber(header.subarray(124, 136));
    const end = at + BLOCK + sizeBytes;
    if (end > bytes.length) throw truncated();
    const content = bytes.subarray(at + BLOCK, end);
    at += BLOCK + Math.ceil(sizeBytes / BLOCK) * BLOCK;
    if (isExtension) {
      extended = { ...extended, ...parseExtension(type, content) };
      continue;
    }
    yield toEntry(type, header, content, extended);
    extended = {};
  }
}

const BLOCK = 512;

/** What an extension says of the entry that follows, over its header. */
interface Extended {
  readonly name?: string;
  readonly target?: string;
  readonly sizeBytes?: number;
}

/** pax of one entry and of all, GNU long name and long link. */
const EXTENSIONS = new Set(["x", "g", "L", "K"]);

function parseExtension(type: string, content: Uint8Array): Extended {
  if (type === "L") return { name: parseText(content) };
  if (type === "K") return { target: parseText(content) };
  // Of all entries only comments and times are said: a path or size cannot be that of all.
  return type === "g" ? {} : parsePax(content);
}

/** Records "length key=value\n", the length counting the whole record. */
function parsePax(content: Uint8Array): Extended {
  const found: { name?: string; target?: string; sizeBytes?: number } = {};
  for (let rest = content; rest.length > 0;) {
    const space = rest.indexOf(0x20);
    const length = Number(decodeName(rest.subarray(0, Math.max(0, space))));
    const record = rest.subarray(space + 1, length - 1);
    const equals = record.indexOf(0x3d);
    if (!(length > space + 1) || length > rest.length || equals < 0) throw damaged("a pax header cannot be read");
    const key = decodeName(record.subarray(0, equals));
    const value = record.subarray(equals + 1);
    if (key === "path") found.name = decodeName(value);
    else if (key === "linkpath") found.target = decodeName(value);
    else if (key === "size") found.sizeBytes = parseDecimal(decodeName(value));
    else if (key.startsWith("GNU.sparse.")) throw new ArchiveDefect("holds a sparse file: pack it without --sparse");
    rest = rest.subarray(length);
  }
  return found;
}

function toEntry(type: string, header: Uint8Array, content: Uint8Array, extended: Extended): ArchiveEntry {
  const name = extended.name ?? headerName(header);
  const target = extended.target ?? parseText(header.subarray(157, 257));
  switch (type) {
    case "0":
    case "\0":
    case "7": {
      // Before POSIX a directory was a file whose name ends in a slash.
      if (name.endsWith("/")) return { kind: "directory", name };
      const executable = (parseNumber(header.subarray(100, 108)) & 0o100) !== 0;
      return { kind: "file", name, executable, sizeBytes: content.length, read: () => content };
    }
    case "1":
      return { kind: "hardlink", name, target };
    case "2":
      return { kind: "symlink", name, target };
    case "5":
      return { kind: "directory", name };
    default: {
      const what = `${JSON.stringify(name)} (type ${JSON.stringify(type)})`;
      throw new ArchiveDefect(`holds ${what}, which is neither file, directory nor link`);
    }
  }
}

/** ustar cuts long names in two; GNU's older format has other things in the place of the first part. */
function headerName(header: Uint8Array): string {
  const name = parseText(header.subarray(0, 100));
  const isUstar = decodeName(header.subarray(257, 263)) === "ustar\0";
  const prefix = isUstar ? parseText(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function assertChecksum(header: Uint8Array): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== parseNumber(header.subarray(148, 156))) throw damaged("a header's checksum is wrong");
}

/** Up to the first NUL. */
function parseText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decodeName(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits between spaces and NULs. The binary form is for numbers beyond what a function may have. */
function parseNumber(field: Uint8Array): number {
  const [digits = ""] = Buffer.from(field).toString("latin1").split("\0");
  if (!/^ *[0-7]* *$/.test(digits)) throw damaged("a number in a header cannot be read");
  return Number.parseInt(digits.trim() || "0", 8);
}

function parseDecimal(digits: string): number {
  if (!/^\d{1,15}$/.test(digits)) throw damaged("a size in a pax header cannot be read");
  return Number(digits);
}

function damaged(how: string): ArchiveDefect {
  return new ArchiveDefect(`is damaged: ${how}`);
}

function truncated(): ArchiveDefect {
  return new ArchiveDefect("is truncated: the end of its tar is missing");
}
