/** Puts the length prefix in front of a message (flag 0: never compressed). */
import { PREFIX_BYTES } from "./message-reader.ts";

/** Copying a message this small into one array with its prefix is cheaper than sending two. */
const COPY_BYTES = 16 * 1024;

/** Writes the prefix of a message of `length` bytes at `offset`. */
export function writePrefix(target: Uint8Array, offset: number, length: number): void {
  target[offset] = 0;
  target[offset + 1] = length >>> 24;
  target[offset + 2] = length >>> 16;
  target[offset + 3] = length >>> 8;
  target[offset + 4] = length;
}

/** True when `frameMessage` is the way to send a message of this length; else prefix and message go separately. */
export function isFramedByCopy(length: number): boolean {
  return length <= COPY_BYTES;
}

/** Prefix and message in one array. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  writePrefix(frame, 0, message.length);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** The prefix alone, of a message that follows. */
export function messagePrefix(length: number): Uint8Array {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  writePrefix(prefix, 0, length);
  return prefix;
}
