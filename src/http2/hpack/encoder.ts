/** Field lines → header blocks (RFC 7541 section 6). One encoder a connection. */
import type { FieldLines } from "../contract.ts";
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from "./dynamic-table.ts";
import { encodeHuffman, huffmanBytes } from "./huffman.ts";
import { writeInteger } from "./integer.ts";
import { findStaticField, findStaticName, STATIC_ENTRIES } from "./static-table.ts";

/** The block of a list that came again, good as long as the table's generation stays. */
interface RememberedBlock {
  readonly fields: FieldLines;
  block: Buffer;
  generation: number;
}

/** More constant lists than a service has. */
const REMEMBERED_LISTS = 8;
const NO_FIELDS: FieldLines = [];
const INTEGER_ROOM = 6;

/**
 * Only lists that are sent again (the same array) enter the dynamic table, so that texts sent once do not push out what
 * repeats, and a repeated list soon is a few remembered bytes.
 */
export class HpackEncoder {
  readonly #table: DynamicTable;
  readonly #capacity: number;
  readonly #remembered: RememberedBlock[] = [];
  #nextRemembered = 0;
  /** Lists seen once, as a ring. */
  readonly #seen: FieldLines[] = Array.from({ length: REMEMBERED_LISTS }, () => NO_FIELDS);
  #nextSeen = 0;
  #scratch = Buffer.allocUnsafeSlow(512);
  /** The smallest and the last table size to announce at the start of the next block; -1 = none. */
  #smallestSize = -1;
  #announcedSize = -1;
  #lastStateless = true;

  /** `tableBytes`: the most memory we spend, and what both sides start from. */
  constructor(tableBytes: number) {
    this.#table = new DynamicTable(tableBytes);
    this.#capacity = tableBytes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE changed. */
  setPeerTableBytes(bytes: number): void {
    const size = Math.min(bytes, this.#capacity);
    if (size === this.#table.maxBytes && this.#announcedSize === -1) return;
    this.#smallestSize = this.#smallestSize === -1 ? size : Math.min(this.#smallestSize, size);
    this.#announcedSize = size;
    this.#table.resize(size);
  }

  /** Whether the last block can be left out without harm: it changes nothing that later blocks build on. */
  get isLastStateless(): boolean {
    return this.#lastStateless;
  }

  /** The block of `fields`, to be sent before the next call. The bytes are only good until then. */
  encode(fields: FieldLines): Buffer {
    this.#lastStateless = true;
    for (let index = 0; index < this.#remembered.length; index++) {
      const remembered = this.#remembered[index] as RememberedBlock;
      if (remembered.fields !== fields) continue;
      if (remembered.generation === this.#table.generation && this.#announcedSize === -1) return remembered.block;
      return this.#encodeRepeated(remembered);
    }
    if (!this.#seen.includes(fields)) {
      this.#seen[this.#nextSeen] = fields;
      this.#nextSeen = (this.#nextSeen + 1) % REMEMBERED_LISTS;
      return this.#encodeFields(fields, false);
    }
    const remembered: RememberedBlock = { fields, block: this.#scratch, generation: -1 };
    this.#remembered[this.#nextRemembered] = remembered;
    this.#nextRemembered = (this.#nextRemembered + 1) % REMEMBERED_LISTS;
    return this.#encodeRepeated(remembered);
  }

  #encodeRepeated(remembered: RememberedBlock): Buffer {
    const block = this.#encodeFields(remembered.fields, true);
    if (this.#lastStateless) {
      remembered.block = Buffer.from(block);
      remembered.generation = this.#table.generation;
    }
    return block;
  }

  #encodeFields(fields: FieldLines, addToTable: boolean): Buffer {
    const generation = this.#table.generation;
    const announces = this.#announcedSize !== -1;
    let at = this.#writeSizeUpdates(0);
    for (let index = 0; index + 1 < fields.length; index += 2) {
      at = this.#writeField(at, fields[index] as string, fields[index + 1] as string, addToTable);
    }
    this.#lastStateless = !announces && generation === this.#table.generation;
    return this.#scratch.subarray(0, at);
  }

  #writeSizeUpdates(at: number): number {
    if (this.#announcedSize === -1) return at;
    if (this.#smallestSize < this.#announcedSize) at = writeInteger(this.#scratch, at, 0x20, 0x1f, this.#smallestSize);
    at = writeInteger(this.#scratch, at, 0x20, 0x1f, this.#announcedSize);
    this.#smallestSize = -1;
    this.#announcedSize = -1;
    return at;
  }

  #writeField(at: number, name: string, value: string, addToTable: boolean): number {
    this.#ensureRoom(at, name.length + value.length + 3 * INTEGER_ROOM);
    const index = findStaticField(name, value) || this.#findField(name, value);
    if (index > 0) return writeInteger(this.#scratch, at, 0x80, 0x7f, index);
    const fits = name.length + value.length + ENTRY_OVERHEAD_BYTES <= this.#table.maxBytes;
    const indexed = addToTable && fits;
    const nameIndex = findStaticName(name) || this.#findName(name);
    at = indexed
      ? writeInteger(this.#scratch, at, 0x40, 0x3f, nameIndex)
      : writeInteger(this.#scratch, at, 0x00, 0x0f, nameIndex);
    if (nameIndex === 0) at = this.#writeText(at, name);
    at = this.#writeText(at, value);
    if (indexed) this.#table.add(name, value, 0);
    return at;
  }

  #writeText(at: number, text: string): number {
    const shortened = huffmanBytes(text);
    if (shortened < text.length) {
      at = writeInteger(this.#scratch, at, 0x80, 0x7f, shortened);
      return encodeHuffman(text, this.#scratch, at);
    }
    at = writeInteger(this.#scratch, at, 0x00, 0x7f, text.length);
    return at + this.#scratch.write(text, at, "latin1");
  }

  #findField(name: string, value: string): number {
    for (let index = 0; index < this.#table.length; index++) {
      if (this.#table.value(index) === value && this.#table.name(index) === name) return STATIC_ENTRIES + 1 + index;
    }
    return 0;
  }

  #findName(name: string): number {
    for (let index = 0; index < this.#table.length; index++) {
      if (this.#table.name(index) === name) return STATIC_ENTRIES + 1 + index;
    }
    return 0;
  }

  #ensureRoom(used: number, more: number): void {
    if (used + more <= this.#scratch.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (used + more));
    this.#scratch.copy(larger, 0, 0, used);
    this.#scratch = larger;
  }
}
