/** config.core.v3.HeaderMap: the field lines of a message, decoded no further than asked for. */
import type { ReceivedFields } from "../../../function/header-list.ts";
import { WireReader } from "../../../protobuf/reader.ts";
import type { Span } from "./processing-request.ts";

const reader = new WireReader();
const { latin1Slice } = Buffer.prototype;
const NONE: readonly string[] = [];

/**
 * A received header map. Values are Latin-1, one character a byte. Envoy fills `raw_value`; `value` counts where a proxy
 * fills only that. Its methods throw WireError when the bytes are no HeaderMap.
 */
export class HeaderMap implements ReceivedFields {
  #bytes: Uint8Array;
  #start: number;
  #end: number;
  #lines: string[] | null = null;

  constructor({ bytes, start, end }: Span) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  lines(): readonly string[] {
    if (this.#lines !== null) return this.#lines;
    const lines: string[] = [];
    this.#each((nameStart, nameEnd, valueStart, valueEnd) => {
      lines.push(this.#text(nameStart, nameEnd), this.#text(valueStart, valueEnd));
    });
    this.#bytes = new Uint8Array(0);
    this.#start = this.#end = 0;
    this.#lines = lines;
    return lines;
  }

  values(name: string): readonly string[] {
    if (this.#lines !== null) return valuesIn(this.#lines, name);
    let values: string[] | null = null;
    this.#each((nameStart, nameEnd, valueStart, valueEnd) => {
      if (this.#spells(nameStart, nameEnd, name)) (values ??= []).push(this.#text(valueStart, valueEnd));
    });
    return values ?? NONE;
  }

  /** Lets go of a received chunk that would otherwise live as long as the exchange. */
  compact(): void {
    if (this.#bytes.buffer.byteLength <= 2 * (this.#end - this.#start)) return;
    this.#bytes = this.#bytes.slice(this.#start, this.#end);
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

  /** Calls `line` with the offsets of each name and value. */
  #each(line: (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void): void {
    reader.reset(this.#bytes, this.#start, this.#end);
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag !== 0x0a) {
        reader.skip(tag);
        continue;
      }
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
      line(nameStart, nameEnd, valueStart, valueEnd);
    }
  }
}

function valuesIn(lines: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < lines.length; i += 2) if (lines[i] === name) values.push(lines[i + 1] ?? "");
  return values;
}
