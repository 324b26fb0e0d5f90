/** Received pieces of a body that have to wait: they are views of what was read from the socket. */
import { ownBytes } from "../../http2/bytes.ts";
import { ChunkList } from "./chunk-list.ts";

/**
 * What one read brought may belong to many exchanges, and must not be kept for a small part of it. So pieces get memory
 * of their own once they have to wait for more than that one read; those taken before cost no copy.
 */
export class ReceivedChunks extends ChunkList {
  #lastRead: ArrayBufferLike | null = null;
  /** How many of the last pieces are views of it. */
  #views = 0;

  override push(chunk: Uint8Array): void {
    if (chunk.buffer !== this.#lastRead) {
      this.#ownViews();
      this.#lastRead = chunk.buffer;
    }
    this.#views++;
    super.push(chunk);
  }

  override clear(): void {
    super.clear();
    this.#lastRead = null;
    this.#views = 0;
  }

  #ownViews(): void {
    const { chunks } = this;
    for (let index = Math.max(0, chunks.length - this.#views); index < chunks.length; index++) {
      const chunk = chunks[index];
      if (chunk !== undefined) chunks[index] = ownBytes(chunk);
    }
    this.#views = 0;
  }
}
