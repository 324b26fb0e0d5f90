/** Gathers bytes whose number is announced before they come. */
import { copyBytes } from "../http2/bytes.ts";

/** What is announced gets at most this much memory before it came … */
const FIRST_BYTES = 64 * 1024;
/** … and at most this many times of what has come: what is announced alone costs nothing, and 1 MiB is copied once. */
const GROWTH = 64;

/**
 * Puts `source[from, to)` behind the first `filled` bytes of `gathered`. Returns that, or a larger array with what was in
 * it; it ends up as long as `announced`, never longer.
 */
export function gatherBytes(
  gathered: Uint8Array,
  filled: number,
  source: Uint8Array,
  from: number,
  to: number,
  announced: number,
): Uint8Array {
  const room = withRoom(gathered, filled, filled + to - from, announced);
  copyBytes(source, from, to, room, filled);
  return room;
}

function withRoom(gathered: Uint8Array, filled: number, needed: number, announced: number): Uint8Array {
  if (needed <= gathered.length) return gathered;
  // Not cleared, so that memory the bytes do not reach is never touched.
  const grown = Buffer.allocUnsafeSlow(Math.min(announced, Math.max(FIRST_BYTES, needed * GROWTH)));
  copyBytes(gathered, 0, filled, grown, 0);
  return grown;
}
