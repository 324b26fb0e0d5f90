/** Parts of received messages, kept as where they lie. */
import { copyBytes } from "../../../http2/bytes.ts";

/** A part of a received message: `bytes[start]` to before `bytes[end]`. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Of its own memory: for what is small and outlives the chunk it arrived in. */
export function copySpan({ bytes, start, end }: Span): Uint8Array {
  const copy = new Uint8Array(end - start);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}
