/** config.core.v3.HeaderMap: the field lines of a message, decoded no further than asked for. */
import type { ReceivedFields } from "../../../function/header-list.ts";
import { WireReader } from "../../../protobuf/reader.ts";
import { copySpan } from "./span.ts";

const reader = new WireReader();
const { latin1Slice } = Buffer.prototype;
const NONE: readonly string[] = [];
const NO_BYTES: Uint8Array = new Uint8Array(0);
const NOT_KNOWN = -1;
/** A chunk as long as this may live as long as an exchange: copying what is needed of it would save little. */
const KEPT_CHUNK_BYTES = 4096;
/** Offsets kept of a line: start and end of its name, start and end of its value. */
const OFFSETS = 4;
const FIRST_PLACES = 64 * OFFSETS;
/** Room that a map of many lines needed is given back for the next one. */
const KEPT_PLACES = 1024 * OFFSETS;
/** Where the lines of the map searched last lie. One for all maps: searches of one come in bursts. */
let places = new Int32Array(FIRST_PLACES);
let placesEnd = 0;
let placesOf = NO_BYTES;
let placesFrom = 0;
let placesTo = 0;
/** Bits of the lengths their names have. */
let lengthsFound = 0;

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
    this.#findLines();
    const lines: string[] = [];
    for (let at = 0; at < placesEnd; at += OFFSETS) lines.push(this.#text(at), this.#text(at + 2));
    this.#bytes = NO_BYTES;
    this.#start = this.#end = 0;
    this.#lines = lines;
    return lines;
  }

  values(name: string): readonly string[] {
    if (this.#lines !== null) return valuesIn(this.#lines, name);
    if ((this.#nameLengths & lengthBit(name.length)) === 0) return NONE;
    this.#findLines();
    let values: string[] | null = null;
    for (let at = 0; at < placesEnd; at += OFFSETS) {
      if (this.#isCalled(at, name)) (values ??= []).push(this.#text(at + 2));
    }
    return values ?? NONE;
  }

  has(name: string): boolean {
    if (this.#lines !== null) return valuesIn(this.#lines, name).length > 0;
    if ((this.#nameLengths & lengthBit(name.length)) === 0) return false;
    this.#findLines();
    for (let at = 0; at < placesEnd; at += OFFSETS) if (this.#isCalled(at, name)) return true;
    return false;
  }

  /** Lets go of a received chunk that would otherwise live as long as the exchange. */
  compact(): void {
    if (this.#bytes.length <= KEPT_CHUNK_BYTES) return;
    this.#bytes = copySpan({ bytes: this.#bytes, start: this.#start, end: this.#end });
    this.#start = 0;
    this.#end = this.#bytes.length;
  }

  /** Of a name or value by its place. */
  #text(at: number): string {
    return latin1Slice.call(this.#bytes, places[at] ?? 0, places[at + 1] ?? 0);
  }

  /** Whether this is the name of the line at this place. */
  #isCalled(at: number, name: string): boolean {
    const start = places[at] ?? 0;
    if ((places[at + 1] ?? 0) - start !== name.length) return false;
    // From the end: names share beginnings such as "x-forwarded-", seldom ends.
    for (let i = name.length - 1; i >= 0; i--) if (this.#bytes[start + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Sees to it that `places` has the lines of this map. */
  #findLines(): void {
    if (placesOf === this.#bytes && placesFrom === this.#start && placesTo === this.#end) return;
    placesOf = NO_BYTES; // until all are found: reading may throw
    placesEnd = 0;
    if (places.length > KEPT_PLACES) places = new Int32Array(FIRST_PLACES);
    lengthsFound = 0;
    for (let at = this.#start; at < this.#end;) at = findLine(this.#bytes, at, this.#end);
    this.#nameLengths = lengthsFound;
    placesOf = this.#bytes;
    placesFrom = this.#start;
    placesTo = this.#end;
  }
}

/** The last one stands for all lengths that have no bit of their own. */
function lengthBit(length: number): number {
  return 1 << (length < 31 ? length : 31);
}

/** Finds the line that begins here, if a line it is; where the next field begins. */
function findLine(bytes: Uint8Array, at: number, end: number): number {
  const usualEnd = findUsualLine(bytes, at, end);
  if (usualEnd > 0) return usualEnd;
  reader.reset(bytes, at, end);
  const tag = reader.tag();
  if (tag === 0x0a) findAnyLine();
  else reader.skip(tag);
  return reader.position;
}

/**
 * Finds name and value as Envoy writes them: `key`, then `raw_value`, all of it shorter than 128 bytes. Returns where the
 * line ends; 0 when it is written otherwise.
 */
function findUsualLine(bytes: Uint8Array, at: number, end: number): number {
  const nameStart = at + 4;
  if (nameStart > end || bytes[at] !== 0x0a || bytes[at + 2] !== 0x0a) return 0;
  const lineBytes = bytes[at + 1] ?? 0; // name and value lie in it: their lengths take a byte if this one does
  const valueStart = nameStart + (bytes[at + 3] ?? 0) + 2;
  if (lineBytes >= 0x80 || valueStart > end || bytes[valueStart - 2] !== 0x1a) return 0;
  const lineEnd = valueStart + (bytes[valueStart - 1] ?? 0);
  if (lineEnd !== at + 2 + lineBytes || lineEnd > end) return 0;
  keepLine(nameStart, valueStart - 2, valueStart, lineEnd);
  return lineEnd;
}

/** Finds name and value of the HeaderValue behind the tag just read. */
function findAnyLine(): void {
  const outerEnd = reader.enter();
  let nameStart = 0;
  let nameEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  while (reader.position < reader.end) {
    const field = reader.tag();
    if (field !== 0x0a && field !== 0x1a && field !== 0x12) {
      reader.skip(field);
      continue;
    }
    const end = reader.delimited();
    if (field === 0x0a) {
      nameStart = reader.position;
      nameEnd = end;
    } else if (field === 0x1a || valueEnd === 0) {
      valueStart = reader.position;
      valueEnd = end;
    }
    reader.position = end;
  }
  reader.leave(outerEnd);
  keepLine(nameStart, nameEnd, valueStart, valueEnd);
}

function keepLine(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
  if (placesEnd === places.length) {
    const more = new Int32Array(places.length * 2);
    more.set(places);
    places = more;
  }
  places[placesEnd] = nameStart;
  places[placesEnd + 1] = nameEnd;
  places[placesEnd + 2] = valueStart;
  places[placesEnd + 3] = valueEnd;
  placesEnd += OFFSETS;
  lengthsFound |= lengthBit(nameEnd - nameStart);
}

function valuesIn(lines: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < lines.length; i += 2) if (lines[i] === name) values.push(lines[i + 1] ?? "");
  return values;
}
