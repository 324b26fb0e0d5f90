/** Body bytes of one stream that windows or the socket hold back, as they were given. */

export class SendQueue {
  readonly #pieces: Uint8Array[] = [];
  /** Where the first piece goes on. */
  #offset = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  /** The piece to send from next; empty when nothing is queued. */
  get first(): Uint8Array {
    return this.#pieces[0] ?? NOTHING;
  }

  push(piece: Uint8Array, offset: number): void {
    if (this.#pieces.length === 0) this.#offset = offset;
    else if (offset > 0) piece = piece.subarray(offset);
    this.#pieces.push(piece);
    this.#bytes += this.#pieces.length === 1 ? piece.length - offset : piece.length;
  }

  /** `bytes` of the first piece were sent, at most what was left of it. */
  advance(bytes: number): void {
    this.#bytes -= bytes;
    this.#offset += bytes;
    if (this.#offset < this.first.length) return;
    this.#pieces.shift();
    this.#offset = 0;
  }
}

const NOTHING = new Uint8Array(0);
