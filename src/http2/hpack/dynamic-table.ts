/** The table that grows with the fields of a connection, newest first (RFC 7541 sections 2.3.2 and 4). */

/** What an entry costs beside its text (RFC 7541 section 4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;

export class DynamicTable {
  /** Ring buffers; an entry costs at least 32 bytes, so the number of slots is known from the start. */
  readonly #names: string[];
  readonly #values: string[];
  readonly #kinds: Uint8Array;
  readonly #mask: number;
  /** Slot of the next entry. */
  #head = 0;
  #length = 0;
  #bytes = 0;
  #maxBytes: number;
  #generation = 0;

  /** `capacityBytes` is the largest size that `resize` will ever ask for. */
  constructor(capacityBytes: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, capacityBytes / ENTRY_OVERHEAD_BYTES)));
    this.#names = Array.from({ length: slots }, () => "");
    this.#values = Array.from({ length: slots }, () => "");
    this.#kinds = new Uint8Array(slots);
    this.#mask = slots - 1;
    this.#maxBytes = capacityBytes;
  }

  get length(): number {
    return this.#length;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Changes whenever indices come to mean something else. */
  get generation(): number {
    return this.#generation;
  }

  /** Entries are numbered from 0, the newest; callers check against `length`. */
  name(index: number): string {
    return this.#names[(this.#head - 1 - index) & this.#mask] as string;
  }

  value(index: number): string {
    return this.#values[(this.#head - 1 - index) & this.#mask] as string;
  }

  kind(index: number): number {
    return this.#kinds[(this.#head - 1 - index) & this.#mask] as number;
  }

  /** Adds an entry; one larger than the table empties it (RFC 7541 section 4.4). */
  add(name: string, value: string, kind: number): void {
    this.#generation++;
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#evictTo(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    const slot = this.#head;
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.#kinds[slot] = kind;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length++;
    this.#bytes += bytes;
  }

  resize(maxBytes: number): void {
    this.#generation++;
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#length > 0 && this.#bytes > bytes) {
      this.#length--;
      const slot = (this.#head - 1 - this.#length) & this.#mask;
      this.#bytes -= this.#textBytes(slot) + ENTRY_OVERHEAD_BYTES;
      this.#names[slot] = "";
      this.#values[slot] = "";
    }
  }

  #textBytes(slot: number): number {
    return (this.#names[slot] as string).length + (this.#values[slot] as string).length;
  }
}
