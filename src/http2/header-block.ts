/** A header block that comes in several frames: HEADERS, then CONTINUATION (RFC 9113 section 6.10). */
import { MAX_HEADER_FRAMES } from "./abuse-budget.ts";

export class HeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  /** The obsolete priority fields made the stream depend on itself. */
  readonly selfDependent: boolean;
  readonly #maxBytes: number;
  readonly #fragments: Buffer[] = [];
  #bytes = 0;
  #frames = 0;

  constructor(streamId: number, endStream: boolean, selfDependent: boolean, maxBytes: number) {
    this.streamId = streamId;
    this.endStream = endStream;
    this.selfDependent = selfDependent;
    this.#maxBytes = maxBytes;
  }

  /** Adds the fragment of one frame. False when the block has become too long or comes in too many frames. */
  add(frame: Buffer, start: number, end: number): boolean {
    this.#frames++;
    this.#bytes += end - start;
    if (this.#frames > MAX_HEADER_FRAMES || this.#bytes > this.#maxBytes) return false;
    this.#fragments.push(frame.subarray(start, end));
    return true;
  }

  join(): Buffer {
    return Buffer.concat(this.#fragments, this.#bytes);
  }
}
