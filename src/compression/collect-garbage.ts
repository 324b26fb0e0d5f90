/**
 * Takes the buffers of encoded streams back in time. The runtime's collector leaves those that were in use at one of its
 * small collections to a large one, which comes late: with 8 bodies of 8 MiB under way 100 MB were waiting for it.
 */

/** Encoding as much takes a tenth of a second, a collection about 8 ms. */
const BYTES_PER_COLLECTION = 4 * 1024 * 1024;

let bytesLeft = BYTES_PER_COLLECTION;

/** `bytes` went into an encoder. */
export function noteEncoded(bytes: number): void {
  bytesLeft -= bytes;
  if (bytesLeft > 0) return;
  bytesLeft = BYTES_PER_COLLECTION;
  Bun.gc(true);
}
