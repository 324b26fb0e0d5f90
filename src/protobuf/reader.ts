/**
 * Reads the protobuf wire format from an array in place: no copies, no objects per field. Values are taken one after the
 * other; a nested message narrows `end` for as long as it is read.
 *
 *     while (reader.position < reader.end) {
 *       const tag = reader.tag();
 *       if (tag === 0x0a) name = reader.string();
 *       else reader.skip(tag);
 *     }
 */
import { WireError } from "./wire-error.ts";
import { WireType } from "./wire-type.ts";

/** Deepest nesting of messages and groups that is followed; the default of the other implementations. */
export const MAX_DEPTH = 100;

const TWO_32 = 0x1_0000_0000;
const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);
const { utf8Slice, latin1Slice } = Buffer.prototype;

/**
 * A cursor over one message. Nothing is read behind `end` and nothing is allocated because of a length that was only
 * claimed. Every method throws `WireError` on bytes that are no message; the cursor is unusable then until `reset`.
 */
export class WireReader {
  bytes: Uint8Array;
  /** The next byte to read. May be set to any place inside the current message, e.g. to come back to a field later. */
  position = 0;
  /** The end of the message being read. */
  end: number;
  #depth = 0;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array = scratch.subarray(0, 0)) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Starts over with other bytes. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#depth = 0;
  }

  /** The next tag: field number times eight plus wire type, as `fieldTag` makes it. */
  tag(): number {
    const at = this.position;
    let tag = this.#byte();
    if (tag >= 0x80) {
      this.#varint();
      tag = this.#high === 0 ? this.#low : 0;
    }
    return tag >= 8 && (tag & 7) <= WireType.FIXED32 ? tag : this.#fail("BAD_TAG", at);
  }

  /** A uint32, or any varint of which the low 32 bits are wanted. */
  uint32(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#varint();
    return this.#low;
  }

  /** An int32 or an enum value. */
  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    const first = this.#byte();
    if (first < 0x80) return first !== 0;
    this.#varint();
    return (this.#low | this.#high) !== 0;
  }

  int64(): bigint {
    this.#varint();
    return (BigInt(this.#high | 0) << 32n) | BigInt(this.#low);
  }

  uint64(): bigint {
    this.#varint();
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** An int64 as a number: exact up to 2^53, the nearest double beyond. */
  int64Number(): number {
    this.#varint();
    return (this.#high | 0) * TWO_32 + this.#low;
  }

  fixed32(): number {
    this.#copyFixed(4);
    return scratchView.getUint32(0, true);
  }

  fixed64(): bigint {
    this.#copyFixed(8);
    return scratchView.getBigUint64(0, true);
  }

  double(): number {
    this.#copyFixed(8);
    return scratchView.getFloat64(0, true);
  }

  /** Reads the length of a delimited value: it lies from `position` to the offset returned, `position` stays at its start. */
  delimited(): number {
    let length = this.#byte();
    if (length >= 0x80) {
      this.#varint();
      length = this.#high === 0 ? this.#low : Infinity;
    }
    const stop = this.position + length;
    return stop <= this.end ? stop : this.#fail("TRUNCATED", this.position);
  }

  /** A bytes field, as a view. */
  view(): Uint8Array {
    const stop = this.delimited();
    const view = this.bytes.subarray(this.position, stop);
    this.position = stop;
    return view;
  }

  /** A string field; bytes that are not UTF-8 become U+FFFD. */
  string(): string {
    const stop = this.delimited();
    const text = utf8Slice.call(this.bytes, this.position, stop);
    this.position = stop;
    return text;
  }

  /** A string or bytes field, one character a byte. */
  latin1(): string {
    const stop = this.delimited();
    const text = latin1Slice.call(this.bytes, this.position, stop);
    this.position = stop;
    return text;
  }

  /** Enters a nested message: `end` is its end from here on. Give what this returns to `leave`. */
  enter(): number {
    const outerEnd = this.end;
    const stop = this.delimited();
    if (++this.#depth > MAX_DEPTH) return this.#fail("TOO_DEEP", this.position);
    this.end = stop;
    return outerEnd;
  }

  /** Leaves the nested message, read to its end or not. */
  leave(outerEnd: number): void {
    this.position = this.end;
    this.end = outerEnd;
    this.#depth--;
  }

  /** Passes over the value of a field that is not wanted; groups with everything in them. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WireType.VARINT:
        this.#varint();
        return;
      case WireType.FIXED64:
        this.#advance(8);
        return;
      case WireType.DELIMITED:
        this.position = this.delimited();
        return;
      case WireType.START_GROUP:
        this.#skipGroup(tag);
        return;
      case WireType.FIXED32:
        this.#advance(4);
        return;
      default:
        this.#fail("BAD_GROUP", this.position);
    }
  }

  #skipGroup(startTag: number): void {
    if (++this.#depth > MAX_DEPTH) this.#fail("TOO_DEEP", this.position);
    const endTag = startTag + 1;
    for (;;) {
      const tag = this.tag();
      if (tag === endTag) break;
      this.skip(tag);
    }
    this.#depth--;
  }

  /** Takes a varint of one byte; gives 0x80 and takes nothing when it is longer or there is none. */
  #byte(): number {
    const first = this.position < this.end ? (this.bytes[this.position] ?? 0) : 0x80;
    if (first >= 0x80) return 0x80;
    this.position++;
    return first;
  }

  /** Reads a varint into `#low` and `#high`, both unsigned. Bits above the 64th are dropped, as everywhere. */
  #varint(): void {
    const { bytes, end } = this;
    let position = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) this.#fail("TRUNCATED", position);
      const byte = bytes[position++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) {
        this.position = position;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    this.#fail("VARINT_TOO_LONG", position);
  }

  #copyFixed(size: number): void {
    const { bytes, position } = this;
    this.#advance(size);
    for (let i = 0; i < size; i++) scratch[i] = bytes[position + i] ?? 0;
  }

  #advance(size: number): void {
    if (size > this.end - this.position) this.#fail("TRUNCATED", this.position);
    this.position += size;
  }

  #fail(code: WireError["code"], offset: number): never {
    throw new WireError(code, offset);
  }
}
