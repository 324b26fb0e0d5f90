/** config.core.v3.HeaderMap: the field lines of a message, decoded no further than asked for. */
import type { ReceivedFields } from "../../../function/header-list.ts";
import { WireReader } from "../../../protobuf/reader.ts";
import { copySpan } from "./span.ts";

const reader = new WireReader();
const { latin1Slice } = Buffer.prototype;
const NONE: readonly string[] = [];
const NOT_KNOWN = -1;
/** A chunk as long as this may live as long as an exchange: copying what is needed of it would save little. */
const KEPT_CHUNK_BYTES = 4096;
/** Where name and value of the line read last lie: one object for all, so that looking for a header costs none. */
const line = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 };
/** Bits of the name lengths of the lines passed since the search began. */
let lengthsPassed = 0;

/**
 * A received header map. Values are Latin-1, one character a byte. Envoy fills `raw_value`; `value` counts where a proxy
 * fills only that. Its methods throw WireError when the bytes are no HeaderMap.
 */
export class HeaderMap implements ReceivedFields {
  #bytes: Uint8Array;
  #start: number;
  #end: number;
  readonly #encodedBytes: number;
  #lines: string[] | null = null;
  /** Bits of the lengths its names have, known once all lines were passed; most names asked for are not there. */
  #nameLengths = NOT_KNOWN;

  /** Of the bytes from `start` to before `end`, which are not to change. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#encodedBytes = end - start;
  }

  /** Length of the map on the wire. */
  get encodedBytes(): number {
    return this.#encodedBytes;
  }

  lines(): readonly string[] {
    if (this.#lines !== null) return this.#lines;
    const lines: string[] = [];
    reader.reset(this.#bytes, this.#start, this.#end);
    while (this.#nextLine(null)) {
      lines.push(this.#text(line.nameStart, line.nameEnd), this.#text(line.valueStart, line.valueEnd));
    }
    this.#bytes = new Uint8Array(0);
    this.#start = this.#end = 0;
    this.#lines = lines;
    return lines;
  }

  values(name: string): readonly string[] {
    if (this.#lines !== null) return valuesIn(this.#lines, name);
    if ((this.#nameLengths & lengthBit(name.length)) === 0) return NONE;
    let values: string[] | null = null;
    reader.reset(this.#bytes, this.#start, this.#end);
    lengthsPassed = 0;
    while (this.#nextLine(name)) {
      if (this.#spells(line.nameStart, line.nameEnd, name)) {
        (values ??= []).push(this.#text(line.valueStart, line.valueEnd));
      }
    }
    this.#nameLengths = lengthsPassed;
    return values ?? NONE;
  }

  /** Lets go of a received chunk that would otherwise live as long as the exchange. */
  compact(): void {
    if (this.#bytes.length <= KEPT_CHUNK_BYTES) return;
    this.#bytes = copySpan({ bytes: this.#bytes, start: this.#start, end: this.#end });
    this.#start = 0;
    this.#end = this.#bytes.length;
  }

  #text(start: number, end: number): string {
    return latin1Slice.call(this.#bytes, start, end);
  }

  #spells(start: number, end: number, name: string): boolean {
    if (end - start !== name.length) return false;
    // From the end: names share beginnings such as "x-forwarded-", seldom ends.
    for (let i = name.length - 1; i >= 0; i--) if (this.#bytes[start + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Reads on to the next line, or to the next that may be called `name`; false when there is none. */
  #nextLine(name: string | null): boolean {
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag !== 0x0a) {
        reader.skip(tag);
        continue;
      }
      const outerEnd = reader.enter();
      const passedOver = name !== null && this.#isOfOtherLength(name.length);
      if (passedOver) reader.position = reader.end;
      else readLine();
      reader.leave(outerEnd);
      if (!passedOver) return true;
    }
    return false;
  }

  /** Whether the line that begins here shows at a glance a name that is not as long. */
  #isOfOtherLength(length: number): boolean {
    const at = reader.position;
    const found = this.#bytes[at + 1] ?? 0;
    const isShown = this.#bytes[at] === 0x0a && found < 0x80;
    lengthsPassed |= isShown ? lengthBit(found) : NOT_KNOWN;
    return isShown && found !== length;
  }
}

/** The last one stands for all lengths that have no bit of their own. */
function lengthBit(length: number): number {
  return 1 << (length < 31 ? length : 31);
}

/** Reads one HeaderValue up to the reader's end. */
function readLine(): void {
  line.nameStart = line.nameEnd = line.valueStart = line.valueEnd = 0;
  while (reader.position < reader.end) {
    const field = reader.tag();
    if (field !== 0x0a && field !== 0x1a && field !== 0x12) {
      reader.skip(field);
      continue;
    }
    const end = reader.delimited();
    if (field === 0x0a) {
      line.nameStart = reader.position;
      line.nameEnd = end;
    } else if (field === 0x1a || line.valueEnd === 0) {
      line.valueStart = reader.position;
      line.valueEnd = end;
    }
    reader.position = end;
  }
}

function valuesIn(lines: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < lines.length; i += 2) if (lines[i] === name) values.push(lines[i + 1] ?? "");
  return values;
}
