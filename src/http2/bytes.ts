/** Reads of fixed-width numbers. Callers have checked the range; out of range the result is unspecified, never a throw. */

declare global {
  interface Buffer {
    /** Latin-1 text of `[start, end)`; missing from Bun's types, and the fastest way to a short string. */
    latin1Slice(start: number, end: number): string;
  }
}

export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

export function uint16At(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}

export function uint24At(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
}

/** 32 bits without the first one, which HTTP/2 reserves in stream identifiers and window increments. */
export function uint31At(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) & 0x7f) << 24) | uint24At(bytes, at + 1);
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return byteAt(bytes, at) * 0x1000000 + uint24At(bytes, at + 1);
}

export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

const { copy } = Buffer.prototype;

/**
 * Copies `source[from, to)` without a view of it, which costs more than copying a small frame. A loop beats the call into
 * native code for the few bytes of a usual frame.
 */
export function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > 12) copy.call(source, target, at, from, to);
  else for (let index = from; index < to; index++) target[at++] = byteAt(source, index);
}

/** Memory this many times as long as what is needed of it may be kept with it. */
const KEPT_TIMES = 2;

/** The bytes themselves, or a copy where they are a small part of their memory: for what has to wait. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length * KEPT_TIMES < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;
}
