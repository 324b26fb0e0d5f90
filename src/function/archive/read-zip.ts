/**
 * Reads zip archives by their central directory (APPNOTE.TXT 6.3.10): stored and deflated files, directories, symbolic
 * links. Encrypted, split and zip64 archives are refused.
 */
import { crc32 } from "node:zlib";
import { inflateSync } from "fflate";
import { ArchiveDefect, type ArchiveEntry } from "./archive-entry.ts";
import { decodeName } from "./entry-path.ts";

/** @throws ArchiveDefect */
export function* readZip(bytes: Uint8Array): Generator<ArchiveEntry> {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, offset } = findDirectory(archive);
  let at = offset;
  for (let index = 0; index < count; index++) {
    const record = parseRecord(archive, at);
    at = record.end;
    yield toEntry(archive, record);
  }
}

const END_LENGTH = 22;
const RECORD_LENGTH = 46;
const LOCAL_LENGTH = 30;
const MAX_COMMENT = 0xffff;

/** End of central directory record, 4.3.16. */
function findDirectory(archive: Buffer): { readonly count: number; readonly offset: number } {
  const last = archive.length - END_LENGTH;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at--) {
    if (archive.readUInt32LE(at) !== 0x06054b50) continue;
    if (at + END_LENGTH + archive.readUInt16LE(at + 20) !== archive.length) continue;
    const count = archive.readUInt16LE(at + 10);
    const offset = archive.readUInt32LE(at + 16);
    if (count === 0xffff || offset === 0xffffffff) throw zip64();
    if (archive.readUInt16LE(at + 8) !== count) throw new ArchiveDefect("is one part of a split zip: join the parts");
    return { count, offset };
  }
  throw new ArchiveDefect("is a truncated zip: its directory, which comes last, is missing");
}

interface ZipRecord {
  readonly name: string;
  readonly encrypted: boolean;
  /** 0 = stored, 8 = deflated; 4.4.5. */
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  /** Of Unix, 0 when made on a system without. */
  readonly mode: number;
  /** Where the local header is. */
  readonly offset: number;
  /** Where the next record begins. */
  readonly end: number;
}

/** Central directory header, 4.3.12. */
function parseRecord(archive: Buffer, at: number): ZipRecord {
  if (at + RECORD_LENGTH > archive.length || archive.readUInt32LE(at) !== 0x02014b50) throw badDirectory();
  const nameEnd = at + RECORD_LENGTH + archive.readUInt16LE(at + 28);
  const end = nameEnd + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  if (end > archive.length) throw badDirectory();
  const packedBytes = archive.readUInt32LE(at + 20);
  const sizeBytes = archive.readUInt32LE(at + 24);
  const offset = archive.readUInt32LE(at + 42);
  if ([packedBytes, sizeBytes, offset].includes(0xffffffff)) throw zip64();
  const madeOnUnix = [UNIX, MACOS].includes(archive.readUInt8(at + 5));
  return {
    // 4.4.17.1 wants slashes; packers of Windows wrote backslashes for long.
    name: decodeName(archive.subarray(at + RECORD_LENGTH, nameEnd)).replaceAll("\\", "/"),
    encrypted: (archive.readUInt16LE(at + 8) & 1) !== 0,
    method: archive.readUInt16LE(at + 10),
    crc: archive.readUInt32LE(at + 16),
    packedBytes,
    sizeBytes,
    mode: madeOnUnix ? archive.readUInt16LE(at + 40) : 0,
    offset,
    end,
  };
}

/** 4.4.2.2. */
const UNIX = 3;
const MACOS = 19;

function toEntry(archive: Buffer, record: ZipRecord): ArchiveEntry {
  const { name, mode, sizeBytes } = record;
  if (name.endsWith("/")) return { kind: "directory", name };
  if (record.encrypted) throw new ArchiveDefect(`is encrypted (${JSON.stringify(name)}): pack it without a password`);
  if (isSymlink(mode)) {
    if (sizeBytes > MAX_TARGET) throw damaged(name, "no link is that long");
    return { kind: "symlink", name, target: decodeName(readContent(archive, record)) };
  }
  const executable = (mode & 0o100) !== 0;
  return { kind: "file", name, executable, sizeBytes, read: () => readContent(archive, record) };
}

/** PATH_MAX of Linux. */
const MAX_TARGET = 4096;

function isSymlink(mode: number): boolean {
  return (mode & 0o170000) === 0o120000;
}

function readContent(archive: Buffer, record: ZipRecord): Uint8Array {
  const content = inflate(packedContent(archive, record), record);
  if (content.length !== record.sizeBytes || crc32(content) !== record.crc) {
    throw damaged(record.name, "its length or checksum is wrong");
  }
  return content;
}

/** Behind the local header, 4.3.7, whose name and extra field may have other lengths than in the directory. */
function packedContent(archive: Buffer, { name, offset, packedBytes }: ZipRecord): Buffer {
  if (offset + LOCAL_LENGTH > archive.length || archive.readUInt32LE(offset) !== 0x04034b50) throw badDirectory();
  const start = offset + LOCAL_LENGTH + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
  if (start + packedBytes > archive.length) throw damaged(name, "it is truncated");
  return archive.subarray(start, start + packedBytes);
}

function inflate(packed: Buffer, { name, method, sizeBytes }: ZipRecord): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) {
    throw new ArchiveDefect(`has ${JSON.stringify(name)} compressed by method ${method}: only deflate can be read`);
  }
  try {
    return inflateSync(packed, { out: new Uint8Array(sizeBytes) });
  } catch (cause) {
    throw damaged(name, cause instanceof Error ? cause.message : String(cause));
  }
}

function damaged(name: string, how: string): ArchiveDefect {
  return new ArchiveDefect(`is damaged at ${JSON.stringify(name)}: ${how}`);
}

function badDirectory(): ArchiveDefect {
  return new ArchiveDefect("is damaged: its directory does not fit its content");
}

function zip64(): ArchiveDefect {
  return new ArchiveDefect("is a zip64 archive, which only larger ones need to be: pack it as plain zip");
}
