/** Memory for bytes whose number is announced before they come. */
import { copyBytes } from "../http2/bytes.ts";

/** What is announced gets at most this much memory before it came … */
const FIRST_BYTES = 64 * 1024;
/** … and at most this many times of what has come: what is announced alone costs nothing, and 1 MiB is copied once. */
const GROWTH = 64;

/**
 * `buffer`, or a larger one with its first `filled` bytes, that has room for `needed` bytes. It ends up as long as
 * `announced`, never longer.
 */
export function reserveBytes(buffer: Uint8Array, filled: number, needed: number, announced: number): Uint8Array {
  if (needed <= buffer.length) return buffer;
  // Not cleared, so that memory the bytes do not reach is never touched.
  const grown = Buffer.allocUnsafeSlow(Math.min(announced, Math.max(FIRST_BYTES, needed * GROWTH)));
  copyBytes(buffer, 0, filled, grown, 0);
  return grown;
}
