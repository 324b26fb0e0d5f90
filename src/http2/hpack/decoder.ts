/** Header blocks → field lines (RFC 7541 section 3.2). One decoder a connection; a failed one must not be used again. */
import { byteAt } from "../bytes.ts";
import type { FieldLines } from "../contract.ts";
import { classifyField, joinField } from "../request-fields.ts";
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from "./dynamic-table.ts";
import { decodeHuffman, maxDecodedBytes } from "./huffman.ts";
import { type BlockCursor, readInteger } from "./integer.ts";
import { STATIC_ENTRIES, STATIC_KINDS, STATIC_NAMES, STATIC_VALUES } from "./static-table.ts";

/**
 * `too-large`: the list exceeds the cap; the tables are right, the fields are cut.
 * `bomb`: it exceeds the cap so far that the block was given up. `malformed`: RFC 7541 was violated.
 */
export type DecodeOutcome = "ok" | "too-large" | "bomb" | "malformed";

const NO_FIELDS: FieldLines = [];
/** A list this many times its cap is no mistake (HPACK bomb, CVE-2016-6581). */
const BOMB_FACTOR = 16;
/** Longer blocks are not worth comparing. */
const REMEMBERED_BLOCK_BYTES = 64;

export class HpackDecoder {
  /** The fields of the last block; the same array for the same block as long as the table did not change. */
  fields: FieldLines = NO_FIELDS;
  /** Their shape, see request-fields.ts. */
  shape = 0;

  readonly #table: DynamicTable;
  readonly #tableCapacity: number;
  readonly #maxListBytes: number;
  readonly #cursor: BlockCursor = { bytes: Buffer.alloc(0), at: 0, end: 0 };
  #huffmanScratch = Buffer.allocUnsafeSlow(256);

  #collected: string[] = [];
  #collectedShape = 0;
  #listBytes = 0;

  /** The last block that did not change the table: peers repeat it, all indices, with every stream. */
  readonly #lastBlock = new Uint8Array(REMEMBERED_BLOCK_BYTES);
  #lastBlockBytes = -1;
  #lastGeneration = -1;
  #lastFields: FieldLines = NO_FIELDS;
  #lastShape = 0;

  /** `tableBytes`: our SETTINGS_HEADER_TABLE_SIZE. `maxListBytes`: our SETTINGS_MAX_HEADER_LIST_SIZE. */
  constructor(tableBytes: number, maxListBytes: number) {
    this.#table = new DynamicTable(tableBytes);
    this.#tableCapacity = tableBytes;
    this.#maxListBytes = maxListBytes;
  }

  /** Decodes one whole header block into `fields` and `shape`. */
  decode(block: Buffer, start: number, end: number): DecodeOutcome {
    if (this.#isLastBlock(block, start, end)) {
      this.fields = this.#lastFields;
      this.shape = this.#lastShape;
      return "ok";
    }
    this.#collected = [];
    this.#collectedShape = 0;
    this.#listBytes = 0;
    const generation = this.#table.generation;
    const outcome = this.#decodeFields(block, start, end);
    this.fields = this.#collected;
    this.shape = this.#collectedShape;
    if (outcome !== "ok") return outcome;
    if (this.#listBytes > this.#maxListBytes) return "too-large";
    if (generation === this.#table.generation) this.#remember(block, start, end);
    return "ok";
  }

  #decodeFields(block: Buffer, start: number, end: number): DecodeOutcome {
    const cursor = this.#cursor;
    cursor.bytes = block;
    cursor.at = start;
    cursor.end = end;
    let sizeUpdateAllowed = true;
    while (cursor.at < end) {
      const byte = byteAt(block, cursor.at);
      let legal: boolean;
      if (byte >= 0x80) {
        legal = this.#readIndexed(cursor);
      } else if (byte >= 0x40) {
        legal = this.#readLiteral(cursor, 0x3f, true);
      } else if (byte >= 0x20) {
        legal = sizeUpdateAllowed && this.#readSizeUpdate(cursor);
        if (!legal) return "malformed";
        continue;
      } else {
        legal = this.#readLiteral(cursor, 0x0f, false);
      }
      if (!legal) return "malformed";
      if (this.#listBytes > this.#maxListBytes * BOMB_FACTOR) return "bomb";
      sizeUpdateAllowed = false;
    }
    return "ok";
  }

  #readIndexed(cursor: BlockCursor): boolean {
    const index = readInteger(cursor, 0x7f);
    if (index <= 0) return false;
    if (index <= STATIC_ENTRIES) {
      this.#collect(STATIC_NAMES[index] as string, STATIC_VALUES[index] as string, STATIC_KINDS[index] as number);
      return true;
    }
    const entry = index - STATIC_ENTRIES - 1;
    if (entry >= this.#table.length) return false;
    this.#collect(this.#table.name(entry), this.#table.value(entry), this.#table.kind(entry));
    return true;
  }

  #readLiteral(cursor: BlockCursor, prefixMask: number, indexed: boolean): boolean {
    const index = readInteger(cursor, prefixMask);
    const name = index === 0 ? this.#readText(cursor) : this.#indexedName(index);
    if (name === undefined) return false;
    const value = this.#readText(cursor);
    if (value === undefined) return false;
    const kind = classifyField(name, value);
    if (indexed) this.#table.add(name, value, kind);
    this.#collect(name, value, kind);
    return true;
  }

  #indexedName(index: number): string | undefined {
    if (index < 0) return undefined;
    if (index <= STATIC_ENTRIES) return STATIC_NAMES[index];
    const entry = index - STATIC_ENTRIES - 1;
    return entry < this.#table.length ? this.#table.name(entry) : undefined;
  }

  #readSizeUpdate(cursor: BlockCursor): boolean {
    const bytes = readInteger(cursor, 0x1f);
    if (bytes < 0 || bytes > this.#tableCapacity) return false;
    this.#table.resize(bytes);
    return true;
  }

  #readText(cursor: BlockCursor): string | undefined {
    if (cursor.at >= cursor.end) return undefined;
    const huffman = byteAt(cursor.bytes, cursor.at) >= 0x80;
    const length = readInteger(cursor, 0x7f);
    const from = cursor.at;
    const to = from + length;
    if (length < 0 || to > cursor.end) return undefined;
    cursor.at = to;
    if (!huffman) return cursor.bytes.latin1Slice(from, to);
    if (this.#huffmanScratch.length < maxDecodedBytes(length)) {
      this.#huffmanScratch = Buffer.allocUnsafeSlow(maxDecodedBytes(length));
    }
    const decoded = decodeHuffman(cursor.bytes, from, to, this.#huffmanScratch);
    return decoded < 0 ? undefined : this.#huffmanScratch.latin1Slice(0, decoded);
  }

  #collect(name: string, value: string, kind: number): void {
    this.#listBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    if (this.#listBytes > this.#maxListBytes) return;
    this.#collected.push(name, value);
    this.#collectedShape = joinField(this.#collectedShape, kind);
  }

  #isLastBlock(block: Buffer, start: number, end: number): boolean {
    const bytes = end - start;
    if (bytes !== this.#lastBlockBytes || this.#lastGeneration !== this.#table.generation) return false;
    for (let index = 0; index < bytes; index++) {
      if (this.#lastBlock[index] !== block[start + index]) return false;
    }
    return true;
  }

  #remember(block: Buffer, start: number, end: number): void {
    if (end - start > REMEMBERED_BLOCK_BYTES) return;
    this.#lastBlock.set(block.subarray(start, end));
    this.#lastBlockBytes = end - start;
    this.#lastGeneration = this.#table.generation;
    this.#lastFields = this.fields;
    this.#lastShape = this.shape;
  }
}
