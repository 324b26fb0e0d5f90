/**
 * Writes the protobuf wire format straight into one buffer: a nested message is written in place, its length put in front
 * when it is known. Messages are cut from a shared slab one after the other, so a small message costs no allocation of
 * its own and may be kept or sent without a copy.
 *
 *     writer.begin();
 *     const mark = writer.open(0x0a);
 *     writer.string(0x0a, name);
 *     writer.close(mark);
 *     const bytes = writer.finish();
 */

const SLAB_BYTES = 64 * 1024;
/** Room for what usually follows a large value, so that it does not grow the slab once more. */
const SLACK_BYTES = 4 * 1024;
/** Strings up to this length are tried as ASCII in a loop, which beats a native call. */
const SHORT_STRING = 24;

const EMPTY = new Uint8Array(0);
const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);
const { utf8Write, latin1Write } = Buffer.prototype;

/**
 * Builds one message after the other. Tags are what `fieldTag` makes. Field methods write the field whatever its value:
 * leaving out defaults is the caller's choice.
 */
export class WireWriter {
  #slab = EMPTY;
  /** Where the message begins in the slab. */
  #start = 0;
  #position = 0;
  /** Length of the value that follows what is written here. */
  #followingBytes = 0;

  /** Bytes of the message since `begin`, with those of `followedBy`. */
  get length(): number {
    return this.#position - this.#start + this.#followingBytes;
  }

  /** Starts a message with `reserved` zero bytes in front, e.g. for a framing prefix; what was not finished is dropped. */
  begin(reserved = 0): void {
    this.#position = this.#start;
    this.#followingBytes = 0;
    this.#ensure(reserved);
    for (let i = 0; i < reserved; i++) this.#slab[this.#start + i] = 0; // a few bytes: cheaper than a native fill
    this.#position += reserved;
  }

  /** Ends the message: its bytes, the reserved ones first. They belong to the caller and are never written again. */
  finish(): Uint8Array {
    const message = this.#slab.subarray(this.#start, this.#position);
    this.#start = this.#position;
    if (this.#slab.length > SLAB_BYTES) this.#drop();
    return message;
  }

  /**
   * Starts a nested message. Its length gets as many bytes as one of `expectedBytes` needs; when that was wrong `close`
   * moves the content. Give what this returns to `close`.
   */
  open(tag: number, expectedBytes = 0): number {
    this.#ensure(10);
    this.#varint(tag);
    const lengthBytes = varintBytes(expectedBytes);
    const mark = (this.#position - this.#start) * 8 + lengthBytes;
    this.#position += lengthBytes;
    return mark;
  }

  /** Ends the nested message that `open` returned `mark` for. */
  close(mark: number): void {
    const lengthBytes = mark & 7;
    this.#fitLength(this.#start + (mark - lengthBytes) / 8 + lengthBytes, lengthBytes);
  }

  /** A nested message without content. */
  empty(tag: number): void {
    this.#ensure(6);
    this.#varint(tag);
    this.#slab[this.#position++] = 0;
  }

  bool(tag: number, value: boolean): void {
    this.#ensure(6);
    this.#varint(tag);
    this.#slab[this.#position++] = value ? 1 : 0;
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(tag: number, value: number): void {
    this.#ensure(10);
    this.#varint(tag);
    this.#varint(value);
  }

  /** An int32 or enum value; negative ones take ten bytes. */
  int32(tag: number, value: number): void {
    if (value >= 0) this.uint32(tag, value);
    else this.int64(tag, BigInt(value));
  }

  /** An int64 or uint64; as a number it must be whole and within 2^53. */
  int64(tag: number, value: bigint | number): void {
    this.#ensure(15);
    this.#varint(tag);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#slab[this.#position++] = Number(rest & 0x7fn) | 0x80;
    this.#slab[this.#position++] = Number(rest);
  }

  double(tag: number, value: number): void {
    this.#ensure(13);
    this.#varint(tag);
    scratchView.setFloat64(0, value, true);
    this.#slab.set(scratch, this.#position);
    this.#position += 8;
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#ensure(10 + value.length);
    this.#varint(tag);
    this.#varint(value.length);
    this.#slab.set(value, this.#position);
    this.#position += value.length;
  }

  /**
   * A bytes field of which only tag and length are written: its value of `length` bytes is sent behind what `finish` gives,
   * without a copy. The last field written of the message and of those around it; they are closed as usual.
   */
  followedBy(tag: number, length: number): void {
    this.#ensure(10);
    this.#varint(tag);
    this.#varint(length);
    this.#followingBytes = length;
  }

  /** A string field; a lone surrogate becomes U+FFFD. */
  string(tag: number, value: string): void {
    // The longest UTF-8 form of one UTF-16 code unit is three bytes; long text is measured instead.
    const room = value.length <= 1024 ? value.length * 3 : Buffer.byteLength(value);
    this.#ensure(10 + room);
    this.#varint(tag);
    if (value.length <= SHORT_STRING && this.#ascii(value)) return;
    const lengthBytes = varintBytes(value.length);
    const at = this.#position;
    this.#position = at + lengthBytes + utf8Write.call(this.#slab, value, at + lengthBytes, room);
    this.#fitLength(at + lengthBytes, lengthBytes);
  }

  /** A string or bytes field from text that has one character a byte, none above U+00FF. */
  latin1(tag: number, value: string): void {
    const { length } = value;
    this.#ensure(10 + length);
    this.#varint(tag);
    this.#varint(length);
    if (length <= SHORT_STRING) {
      for (let i = 0; i < length; i++) this.#slab[this.#position++] = value.charCodeAt(i);
    } else this.#position += latin1Write.call(this.#slab, value, this.#position, length);
  }

  /** Bytes that are encoded already: whole fields, e.g. a constant. */
  raw(encoded: Uint8Array): void {
    this.#ensure(encoded.length);
    this.#slab.set(encoded, this.#position);
    this.#position += encoded.length;
  }

  /** Writes length and text when all of it is ASCII; else leaves the position where it was. */
  #ascii(value: string): boolean {
    const slab = this.#slab;
    let position = this.#position;
    slab[position++] = value.length;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      slab[position++] = unit;
    }
    this.#position = position;
    return true;
  }

  /** Puts the length of what was written since `contentAt` into the `lengthBytes` before it, moving it when they are too few or many. */
  #fitLength(contentAt: number, lengthBytes: number): void {
    const here = this.#position - contentAt;
    const length = here + this.#followingBytes;
    const needed = varintBytes(length);
    if (needed !== lengthBytes) {
      this.#ensure(5);
      const contentAt = this.#position - here;
      this.#slab.copyWithin(contentAt + needed - lengthBytes, contentAt, this.#position);
    }
    const end = this.#position + needed - lengthBytes;
    this.#position = end - here - needed;
    this.#varint(length);
    this.#position = end;
  }

  /** Writes a whole number below 2^32. */
  #varint(value: number): void {
    const slab = this.#slab;
    let rest = value;
    while (rest > 0x7f) {
      slab[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    slab[this.#position++] = rest;
  }

  /** Lets go of a slab made for one large message, so that it lives no longer than the message. */
  #drop(): void {
    this.#slab = EMPTY;
    this.#start = 0;
    this.#position = 0;
  }

  /** Makes room for `extra` more bytes: a fresh slab, into which the message begun moves. */
  #ensure(extra: number): void {
    const slab = this.#slab;
    if (this.#position + extra <= slab.length) return;
    const written = this.#position - this.#start;
    // A message that fills a slab grows by doubling; `Buffer.allocUnsafeSlow` spares clearing what is overwritten anyway.
    const size = Math.max(SLAB_BYTES, written + extra + SLACK_BYTES, written * 2);
    const fresh = Buffer.allocUnsafeSlow(size);
    fresh.set(slab.subarray(this.#start, this.#position));
    this.#slab = fresh;
    this.#start = 0;
    this.#position = written;
  }
}

/** How many bytes the varint of a whole number below 2^32 takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
