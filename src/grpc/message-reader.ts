/**
 * Finds the length-prefixed messages in a stream of DATA: a flag byte, four bytes of length, the message.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"
 */
import { gatherBytes } from "./arriving-bytes.ts";

/** Flag byte, then the length as a big-endian uint32. */
export const PREFIX_BYTES = 5;

const NO_BUFFER: Uint8Array = new Uint8Array(0);

/** Takes what the reader finds. */
export interface MessageSink {
  /** A prefix was read. True: collect the message. False: skip it unread. */
  acceptMessage(flag: number, length: number): boolean;
  /**
   * An accepted message begins with `bytes[start, end)` and goes on in later chunks. True: give it to `takePart` as it
   * comes, from these bytes on. False: to `takeMessage` when it is whole.
   */
  takesParts(flag: number, length: number, bytes: Uint8Array, start: number, end: number): boolean;
  /** Returns true when nothing looks at the bytes after the call. */
  takePart(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean;
  /**
   * An accepted message, which may be kept: `bytes[start, end)` of the chunk it lies in, or of a buffer of its own when it
   * came in pieces.
   */
  takeMessage(flag: number, bytes: Uint8Array, start: number, end: number): void;
}

/** Reads one direction of one call. Any split of the bytes gives the same messages. */
export class MessageReader {
  readonly #sink: MessageSink;
  #stopped = false;
  #prefixBytes = 0;
  #flag = 0;
  #length = 0;
  /** Bytes of the message or of what is skipped that are still to come; 0 between messages. */
  #missing = 0;
  #skipping = false;
  #inParts = false;
  #buffer = NO_BUFFER;
  /** Nothing looks at the bytes of this push after it. */
  #isDone = true;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** True when the bytes so far end inside a prefix or a message. */
  get midMessage(): boolean {
    return this.#prefixBytes > 0 || this.#missing > 0;
  }

  /** Ends reading, also from within a call of the sink. */
  stop(): void {
    this.#stopped = true;
    this.#buffer = NO_BUFFER;
  }

  /** Takes `chunk[start, end)`. Returns true when nothing looks at them after the call. */
  push(chunk: Uint8Array, start: number, end: number): boolean {
    this.#isDone = true;
    let at = start;
    while (at < end && !this.#stopped) {
      if (this.#missing > 0) {
        at = this.#collect(chunk, at, end);
        continue;
      }
      const prefixEnd = this.#readPrefix(chunk, at, end);
      if (prefixEnd < 0) break;
      at = this.#begin(chunk, prefixEnd, end);
    }
    return this.#isDone;
  }

  /** The offset behind the prefix, or -1 when it ends in a later chunk. */
  #readPrefix(chunk: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#prefixBytes === 0) {
      this.#flag = chunk[at++] ?? 0;
      this.#length = 0;
      this.#prefixBytes = 1;
    }
    while (this.#prefixBytes < PREFIX_BYTES) {
      if (at === end) return -1;
      this.#length = this.#length * 256 + (chunk[at++] ?? 0);
      this.#prefixBytes++;
    }
    this.#prefixBytes = 0;
    return at;
  }

  /** Deals with the message whose prefix was just read; the offset up to which the chunk is used. */
  #begin(chunk: Uint8Array, at: number, end: number): number {
    const length = this.#length;
    const stop = at + length;
    const accepted = this.#sink.acceptMessage(this.#flag, length);
    if (accepted && stop <= end) {
      this.#isDone = false;
      this.#sink.takeMessage(this.#flag, chunk, at, stop);
      return stop;
    }
    this.#skipping = !accepted;
    this.#missing = length;
    return at;
  }

  #collect(chunk: Uint8Array, at: number, end: number): number {
    const stop = Math.min(end, at + this.#missing);
    const received = this.#length - this.#missing;
    this.#missing -= stop - at;
    if (this.#skipping) return stop;
    const isLast = this.#missing === 0;
    if (received === 0) {
      this.#inParts = !isLast && this.#sink.takesParts(this.#flag, this.#length, chunk, at, stop);
      if (this.#stopped) return stop;
    }
    if (this.#inParts) {
      if (!this.#sink.takePart(chunk, at, stop, isLast)) this.#isDone = false;
      return stop;
    }
    this.#buffer = gatherBytes(this.#buffer, received, chunk, at, stop, this.#length);
    if (isLast) {
      const message = this.#buffer;
      this.#buffer = NO_BUFFER;
      this.#sink.takeMessage(this.#flag, message, 0, message.length);
    }
    return stop;
  }
}
