/** Integers with a prefix (RFC 7541 section 5.1). */
import { byteAt } from "../bytes.ts";

/** A place in a header block; moved by what reads from it, so that reading needs no object per value. */
export interface BlockCursor {
  bytes: Buffer;
  at: number;
  end: number;
}

/** Larger numbers have no meaning here: nothing indexes or measures beyond it. */
const MAX_INTEGER = 0x7fffffff;
/** The most continuation bytes a number up to MAX_INTEGER needs; padding with zeros beyond them is an attack. */
const MAX_CONTINUATION_BYTES = 5;

/** Reads the integer whose first byte is at the cursor. -1 = cut off, too long or too large. */
export function readInteger(cursor: BlockCursor, prefixMask: number): number {
  const { bytes, end } = cursor;
  if (cursor.at >= end) return -1;
  let value = byteAt(bytes, cursor.at++) & prefixMask;
  if (value < prefixMask) return value;
  for (let index = 0; index < MAX_CONTINUATION_BYTES; index++) {
    if (cursor.at >= end) return -1;
    const byte = byteAt(bytes, cursor.at++);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value > MAX_INTEGER ? -1 : value;
  }
  return -1;
}

/** Writes `value` with the bits of `pattern` before the prefix; returns the place after it. Needs room for 6 bytes. */
export function writeInteger(
  target: Uint8Array,
  at: number,
  pattern: number,
  prefixMask: number,
  value: number,
): number {
  if (value < prefixMask) {
    target[at++] = pattern | value;
    return at;
  }
  target[at++] = pattern | prefixMask;
  let rest = value - prefixMask;
  while (rest >= 0x80) {
    target[at++] = 0x80 | (rest & 0x7f);
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}
