/**
 * Follows the frames of a zstd body (RFC 8878 3.1) without decoding them. The decoder itself does not tell whether the
 * input ended inside a frame, so a body cut short would pass for a whole one; this does.
 */
import { CodingError } from "./contract.ts";

const MAGIC = 0xfd2fb528;
/** Sixteen values, 0x184d2a50 to 0x184d2a5f. */
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Bytes behind the descriptor of a frame header, by its two lowest and its two highest bits. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

type Part = "magic" | "skippable-size" | "descriptor" | "block-header";
const PART_BYTES: Readonly<Record<Part, number>> = {
  magic: 4,
  "skippable-size": 4,
  descriptor: 1,
  "block-header": 3,
};

export class ZstdFrames {
  /** The part whose bytes are being gathered, little-endian. */
  #part: Part = "magic";
  #value = 0;
  #gathered = 0;
  /** Bytes to pass over before that part begins. */
  #skip = 0;
  #checksumBytes = 0;
  #frames = 0;

  /** True between frames: the body may end here. */
  get complete(): boolean {
    return this.#part === "magic" && this.#gathered === 0 && this.#skip === 0;
  }

  /** @throws CodingError `undecodable` for what is no frame, `trailing-data` for the same behind a whole one. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
        continue;
      }
      this.#value += (chunk[at] ?? 0) * 2 ** (8 * this.#gathered);
      at++;
      if (++this.#gathered === PART_BYTES[this.#part]) this.#take();
    }
  }

  #take(): void {
    const value = this.#value;
    this.#value = 0;
    this.#gathered = 0;
    switch (this.#part) {
      case "magic":
        return this.#takeMagic(value);
      case "skippable-size":
        this.#skip = value;
        this.#part = "magic";
        this.#frames++;
        return;
      case "descriptor":
        return this.#takeDescriptor(value);
      case "block-header":
        return this.#takeBlockHeader(value);
    }
  }

  #takeMagic(magic: number): void {
    if (magic === MAGIC) this.#part = "descriptor";
    else if (magic - (magic % 16) === SKIPPABLE_MAGIC) this.#part = "skippable-size";
    else if (this.#frames > 0) throw new CodingError("trailing-data", "bytes follow the last zstd frame");
    else throw new CodingError("undecodable", "the body is not valid zstd: it does not begin with a frame");
  }

  #takeDescriptor(descriptor: number): void {
    const singleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const windowBytes = singleSegment ? 0 : 1;
    const dictionaryBytes = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
    const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
    this.#checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
    this.#skip = windowBytes + dictionaryBytes + sizeBytes;
    this.#part = "block-header";
  }

  #takeBlockHeader(header: number): void {
    const isLast = (header & 1) !== 0;
    const isRunLength = ((header >> 1) & 3) === 1;
    this.#skip = isRunLength ? 1 : header >> 3;
    if (!isLast) return;
    this.#skip += this.#checksumBytes;
    this.#part = "magic";
    this.#frames++;
  }
}
