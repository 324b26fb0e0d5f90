/** Pieces of a body in the order they came, joined when somebody wants them in one. */
import { ownBytes } from "../../http2/bytes.ts";

export class ChunkList {
  /** Sum of their lengths. */
  bytes = 0;
  protected chunks: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.chunks.length === 0;
  }

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** The pieces have to wait: none keeps memory far larger than itself. */
  own(): void {
    this.chunks = this.chunks.map(ownBytes);
  }

  shift(): Uint8Array | undefined {
    const chunk = this.chunks.shift();
    if (chunk !== undefined) this.bytes -= chunk.length;
    return chunk;
  }

  /** The first pieces in one of at most this many bytes, longer only when the first is. */
  shiftJoined(maxBytes: number): Uint8Array | undefined {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.chunks) {
      if (count > 0 && bytes + length > maxBytes) break;
      count++;
      bytes += length;
    }
    if (count < 2) return this.shift();
    this.bytes -= bytes;
    return Buffer.concat(this.chunks.splice(0, count), bytes);
  }

  /** All in one piece; a single one is not copied. */
  join(): Uint8Array {
    const [first] = this.chunks;
    return this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks, this.bytes);
  }

  /** The pieces, taken out. */
  take(): readonly Uint8Array[] {
    const chunks = this.chunks;
    this.clear();
    return chunks;
  }

  clear(): void {
    this.chunks = [];
    this.bytes = 0;
  }
}
