/** Pieces of a body in the order they came, joined when somebody wants them in one. */

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

  shift(): Uint8Array | undefined {
    const chunk = this.chunks.shift();
    if (chunk !== undefined) this.bytes -= chunk.length;
    return chunk;
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
