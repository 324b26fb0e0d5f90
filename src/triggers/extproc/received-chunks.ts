/** Received pieces of a body that have to wait: they are views of what was read from the socket. */
import { ownBytes } from "../../http2/bytes.ts";
import { ChunkList } from "./chunk-list.ts";

/**
 * What one read brought may belong to many exchanges, and must not be kept for a small part of it. So pieces get memory
 * of their own once they have to wait for more than that one read; those taken before cost no copy.
 */
export class ReceivedChunks extends ChunkList {
  /** How many of the last pieces, at most, are views of one read. */
  #views = 0;

  override push(chunk: Uint8Array): void {
    const last = this.chunks.at(-1);
    if (last !== undefined && last.buffer !== chunk.buffer) this.#ownViews();
    this.#views++;
    super.push(chunk);
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
