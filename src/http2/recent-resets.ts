/** The streams we reset lately: the peer may have sent frames for them before it heard of it (RFC 9113 section 5.4.2). */

const REMEMBERED = 256;

export class RecentResets {
  readonly #ids = new Uint32Array(REMEMBERED);
  #next = 0;

  add(streamId: number): void {
    this.#ids[this.#next] = streamId;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  has(streamId: number): boolean {
    return this.#ids.includes(streamId);
  }
}
