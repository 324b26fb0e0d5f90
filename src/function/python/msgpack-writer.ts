/** Encodes MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) into one growing buffer. */

const FIRST_CAPACITY = 16 * 1024;
/** Up to this many bytes are copied one by one. */
const SHORT = 64;

export class MsgpackWriter {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = 0;

  /** What was written since the last `reset`: a view that the next `reset` takes back. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    if (length > SHORT) this.#bytes.set(bytes, this.#length);
    else for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = bytes[i] as number;
    this.#length += length;
  }

  /** Overwrites four bytes written before. */
  putUint32(value: number, at: number): void {
    this.#bytes.writeUInt32BE(value, at);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
  }

  text(value: string): void {
    if (value.length < SHORT && this.#shortAscii(value)) return;
    const size = Buffer.byteLength(value);
    this.#reserve(size + 5);
    if (size < 32) this.#length = this.#bytes.writeUInt8(0xa0 | size, this.#length);
    else this.#sized(size, 0xd9, 0xda, 0xdb);
    this.#length += this.#bytes.write(value, this.#length, size, "utf8");
  }

  /** Nearly all texts of an event are of this kind; calls into the runtime would cost more than a loop. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    this.#reserve(SHORT + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    if (length < 32) bytes[at++] = 0xa0 | length;
    else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  /** What stands before `size` bytes that follow. */
  binaryHeader(size: number): void {
    this.#reserve(5);
    this.#sized(size, 0xc4, 0xc5, 0xc6);
  }

  mapHeader(count: number): void {
    this.#reserve(5);
    if (count < 16) this.#length = this.#bytes.writeUInt8(0x80 | count, this.#length);
    else this.#sized(count, null, 0xde, 0xdf);
  }

  arrayHeader(count: number): void {
    this.#reserve(5);
    if (count < 16) this.#length = this.#bytes.writeUInt8(0x90 | count, this.#length);
    else this.#sized(count, null, 0xdc, 0xdd);
  }

  /** Whole numbers as the shortest integer that holds them, others as a double. */
  number(value: number): void {
    this.#reserve(9);
    const bytes = this.#bytes;
    const at = this.#length;
    if (!Number.isSafeInteger(value)) this.#length = bytes.writeDoubleBE(value, this.#type(0xcb));
    else if (value >= 0 && value < 0x80) this.#length = bytes.writeUInt8(value, at);
    else if (value < 0 && value >= -0x20) this.#length = bytes.writeInt8(value, at);
    else if (value >= 0 && value <= 0xff) this.#length = bytes.writeUInt8(value, this.#type(0xcc));
    else if (value >= 0 && value <= 0xffff) this.#length = bytes.writeUInt16BE(value, this.#type(0xcd));
    else if (value >= 0 && value <= 0xffffffff) this.#length = bytes.writeUInt32BE(value, this.#type(0xce));
    else if (value < 0 && value >= -0x80000000) this.#length = bytes.writeInt32BE(value, this.#type(0xd2));
    else this.#length = bytes.writeBigInt64BE(BigInt(value), this.#type(0xd3));
  }

  /**
   * Anything JSON can hold, and bytes; `undefined` is nil.
   * @throws Error for a function, a symbol or a value that contains itself
   */
  value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return this.number(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#byte(0xc0);
      case "object":
        return this.#object(value);
      default:
        throw new Error(`a ${typeof value} cannot be sent to Python`);
    }
  }

  #object(value: object | null): void {
    if (value === null) return this.#byte(0xc0);
    if (value instanceof Uint8Array) {
      this.binaryHeader(value.byteLength);
      return this.raw(value);
    }
    if (Array.isArray(value)) {
      this.arrayHeader(value.length);
      for (const item of value as unknown[]) this.value(item);
      return;
    }
    const entries = Object.entries(value);
    this.mapHeader(entries.length);
    for (const [key, member] of entries) {
      this.text(key);
      this.value(member);
    }
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#length = this.#bytes.writeUInt8(value, this.#length);
  }

  #type(type: number): number {
    return this.#bytes.writeUInt8(type, this.#length);
  }

  #sized(size: number, type8: number | null, type16: number, type32: number): void {
    if (type8 !== null && size <= 0xff) this.#length = this.#bytes.writeUInt8(size, this.#type(type8));
    else if (size <= 0xffff) this.#length = this.#bytes.writeUInt16BE(size, this.#type(type16));
    else this.#length = this.#bytes.writeUInt32BE(size, this.#type(type32));
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.written);
    this.#bytes = larger;
  }
}
