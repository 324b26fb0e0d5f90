/** The streams of a connection, and what an identifier without an open stream means (RFC 9113 section 5.1). */
import { RecentResets } from "./recent-resets.ts";
import { MAX_WINDOW_BYTES } from "./settings.ts";
import type { ServerStream } from "./stream.ts";

/** The last stream id of a GOAWAY that refuses nothing yet (RFC 9113 section 6.8). */
export const ANY_STREAM = MAX_WINDOW_BYTES;

/** Streams are many and short: in a map each would cost an allocation. */
const RING_SLOTS = 256;

export class StreamTable {
  /** The open streams by identifier, in a ring: one that outlives the ring's turn moves to a map. */
  readonly #ring: (ServerStream | null)[] = Array.from({ length: RING_SLOTS }, () => null);
  readonly #older = new Map<number, ServerStream>();
  #size = 0;
  readonly #recentResets = new RecentResets();
  #lastId = 0;
  #lastServedId = ANY_STREAM;

  get size(): number {
    return this.#size;
  }

  /** The highest identifier the peer has used. */
  get lastId(): number {
    return this.#lastId;
  }

  /** What a GOAWAY says: nothing above it was or will be served. */
  get lastServedId(): number {
    return Math.min(this.#lastId, this.#lastServedId);
  }

  /** No new stream is served any more. */
  get isFinal(): boolean {
    return this.#lastServedId !== ANY_STREAM;
  }

  get(streamId: number): ServerStream | undefined {
    const stream = this.#ring[slotOf(streamId)];
    if (stream?.id === streamId) return stream;
    return this.#older.size === 0 ? undefined : this.#older.get(streamId);
  }

  /** Those open now: what is closed meanwhile does not disturb. */
  all(): Iterable<ServerStream> {
    return this.#ring.filter((stream) => stream !== null).concat([...this.#older.values()]);
  }

  /** The peer opened a stream; whether it is served is another question. */
  noteOpened(streamId: number): void {
    this.#lastId = streamId;
  }

  add(stream: ServerStream): void {
    const slot = slotOf(stream.id);
    const before = this.#ring[slot];
    if (before) this.#older.set(before.id, before);
    this.#ring[slot] = stream;
    this.#size++;
  }

  delete(stream: ServerStream): void {
    const slot = slotOf(stream.id);
    if (this.#ring[slot] === stream) this.#ring[slot] = null;
    else this.#older.delete(stream.id);
    this.#size--;
  }

  /** RST_STREAM of ours is sent. */
  noteReset(streamId: number): void {
    this.#recentResets.add(streamId);
  }

  /** Streams the peer opens from now on are ignored. */
  makeFinal(): void {
    this.#lastServedId = this.#lastId;
  }

  /** Never opened, or of the kind only a server may open. */
  isIdle(streamId: number): boolean {
    return (streamId & 1) === 0 || streamId > this.#lastId;
  }

  /** Opened after our final GOAWAY. */
  isTooLate(streamId: number): boolean {
    return streamId > this.#lastServedId;
  }

  /** Not served or closed by us, so that frames still on their way are no mistake. */
  isAbandoned(streamId: number): boolean {
    return this.isTooLate(streamId) || this.#recentResets.has(streamId);
  }
}

/** A client's streams have odd identifiers. */
function slotOf(streamId: number): number {
  return (streamId >>> 1) & (RING_SLOTS - 1);
}
