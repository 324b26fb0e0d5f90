/** Windows of a connection and of its streams (RFC 9113 sections 5.2 and 6.9). */
import { MAX_WINDOW_BYTES } from "./settings.ts";

/** What the peer may still send us. Refilled by half of it or more, so that one WINDOW_UPDATE serves many frames. */
export class ReceiveWindow {
  readonly #bytes: number;
  readonly #spareBytes: number;
  #available: number;
  #unconsumed = 0;

  /** `spareBytes` may be taken and not consumed before the window begins to close. */
  constructor(bytes: number, spareBytes = 0) {
    this.#bytes = bytes;
    this.#spareBytes = spareBytes;
    this.#available = bytes;
  }

  /** Bytes taken and not consumed. */
  get unconsumed(): number {
    return this.#unconsumed;
  }

  /** Counts received bytes; false when the peer sent more than its window. */
  take(bytes: number): boolean {
    if (bytes > this.#available) return false;
    this.#available -= bytes;
    this.#unconsumed += bytes;
    return true;
  }

  /** Gives bytes back. Returns the increment to announce in a WINDOW_UPDATE now; 0 = none yet. */
  consume(bytes: number): number {
    const given = bytes < this.#unconsumed ? bytes : this.#unconsumed;
    this.#unconsumed -= given;
    return this.refill();
  }

  /** Returns the increment to announce in a WINDOW_UPDATE now; 0 = none yet. */
  refill(): number {
    const closedBytes = this.#unconsumed > this.#spareBytes ? this.#unconsumed - this.#spareBytes : 0;
    const increment = this.#bytes - closedBytes - this.#available;
    if (increment * 2 < this.#bytes) return 0;
    this.#available += increment;
    return increment;
  }
}

/** A send window after an increment, or -Infinity when it overflows. Windows may be negative (RFC 9113 section 6.9.2). */
export function openSendWindow(window: number, increment: number): number {
  const opened = window + increment;
  return opened > MAX_WINDOW_BYTES ? Number.NEGATIVE_INFINITY : opened;
}
