/**
 * The header fields of a message as functions see and change them. What arrived is decoded when asked for; what a
 * function changes is kept by name, so that untouched field lines never travel back.
 */
import type { HeaderList } from "./contract.ts";
import { ExchangeError } from "./errors.ts";
import { TouchedNames } from "./touched-names.ts";

/** What became of the received lines. Removals come before settings. */
export interface HeaderChanges {
  readonly removed: readonly string[];
  readonly set: readonly ChangedLine[];
}

/** One line to write: `append` false replaces all lines of that name, true adds one behind them. */
export interface ChangedLine {
  readonly name: string;
  readonly value: string;
  readonly append: boolean;
}

/** Called with the lower-case name before each change; throws to refuse it. */
export type HeaderGuard = (name: string) => void;

/** The lines of a message as they arrived, decoded no further than asked for. Pseudo headers may be among them. */
export interface ReceivedFields {
  /** `[name, value, name, value, …]`, names in lower case, values Latin-1. */
  lines(): readonly string[];
  /** Values of one lower-case name, in order. */
  values(name: string): readonly string[];
  /** Whether there is a line of this lower-case name. */
  has(name: string): boolean;
}

export class FieldList implements HeaderList {
  /** Set by the owner of the message: which names may change, and whether any still may. */
  guard: HeaderGuard | null = null;
  readonly #received: ReceivedFields;
  #touched: TouchedNames | null = null;

  /** @param received never written to. */
  constructor(received: ReceivedFields | readonly string[] = []) {
    this.#received = isLineArray(received) ? new KnownFields(received) : received;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    return joined(key, this.#values(key));
  }

  getAll(name: string): string[] {
    return [...this.#values(name.toLowerCase())];
  }

  getSetCookie(): string[] {
    return this.getAll("set-cookie");
  }

  has(name: string): boolean {
    const key = name.toLowerCase();
    if (isPseudo(key)) return false;
    const touched = this.#touched?.get(key);
    return touched === undefined ? this.#received.has(key) : touched.length > 0;
  }

  /** Replaces all lines of that name; the new value stands where the first of them stood, a new name at the end. */
  set(name: string, value: string): void {
    const key = checkedName(name);
    const text = checkedValue(key, value);
    this.guard?.(key);
    (this.#touched ??= new TouchedNames()).set(key, [text]);
  }

  append(name: string, value: string): void {
    const key = checkedName(name);
    const text = checkedValue(key, value);
    this.guard?.(key);
    const touched = (this.#touched ??= new TouchedNames());
    const values = touched.get(key);
    if (values === undefined) touched.set(key, [...this.#received.values(key), text]);
    else values.push(text);
  }

  delete(name: string): void {
    const key = checkedName(name);
    this.guard?.(key);
    (this.#touched ??= new TouchedNames()).set(key, []);
  }

  /** The lines as they are when the iteration begins: changes during it skip nothing. */
  *entries(): IterableIterator<[string, string]> {
    const lines = this.#lines();
    for (let i = 0; i < lines.length; i += 2) yield [lines[i] ?? "", lines[i + 1] ?? ""];
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  forEach(callback: (value: string, name: string, list: HeaderList) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** The fields as they arrived, whatever the function made of them: they describe the body that arrived with them. */
  get received(): Pick<HeaderList, "get" | "has"> {
    return this.#touched === null ? this : new FieldList(this.#received);
  }

  /** Value of a pseudo header as received, e.g. `pseudo(":path")`; null when there is none. */
  pseudo(name: `:${string}`): string | null {
    return this.#received.values(name)[0] ?? null;
  }

  /** Whether the function set, appended to or deleted this lower-case name. */
  touched(name: string): boolean {
    return this.#touched?.get(name) !== undefined;
  }

  /** What differs from the received lines; null when nothing does. A name set to what it was is no change. */
  changes(): HeaderChanges | null {
    if (this.#touched === null) return null;
    let removed: string[] | null = null;
    const set: ChangedLine[] = [];
    for (const { name, values: now } of this.#touched.all) {
      const old = this.#received.values(name);
      if (now.length === 0) {
        if (old.length > 0) (removed ??= []).push(name);
        continue;
      }
      const kept = startsWith(now, old) ? old.length : 0;
      for (let i = kept; i < now.length; i++) set.push({ name, value: now[i] ?? "", append: i > 0 });
    }
    return removed === null && set.length === 0 ? null : { removed: removed ?? NONE, set };
  }

  #values(key: string): readonly string[] {
    if (isPseudo(key)) return [];
    return this.#touched?.get(key) ?? this.#received.values(key);
  }

  /** Received lines with the touched names in their places, what is new behind them. */
  #lines(): string[] {
    const lines: string[] = [];
    const received = this.#received.lines();
    const written = new Map<string, number>();
    for (let i = 0; i < received.length; i += 2) {
      const name = received[i] ?? "";
      if (isPseudo(name)) continue;
      const now = this.#touched?.get(name);
      if (now === undefined) {
        lines.push(name, received[i + 1] ?? "");
        continue;
      }
      const index = written.get(name) ?? 0;
      if (index < now.length) lines.push(name, now[index] ?? "");
      written.set(name, index + 1);
    }
    for (const { name, values: now } of this.#touched?.all ?? []) {
      for (const value of now.slice(written.get(name) ?? 0)) lines.push(name, value);
    }
    return lines;
  }
}

/** Lines that are there already. */
class KnownFields implements ReceivedFields {
  readonly #lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  lines(): readonly string[] {
    return this.#lines;
  }

  values(name: string): string[] {
    const values: string[] = [];
    for (let i = 0; i < this.#lines.length; i += 2) {
      if (this.#lines[i] === name) values.push(this.#lines[i + 1] ?? "");
    }
    return values;
  }

  has(name: string): boolean {
    return this.values(name).length > 0;
  }
}

const NONE: readonly string[] = [];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/; // RFC 9110 5.6.2, in lower case
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/; // RFC 9110 5.5: Envoy refuses all else

/** Names as functions wrote them, found good before, to their lower case: a function uses few and always the same. */
const goodNames = new Map<string, string>();
const KEPT_NAMES = 256;

function checkedName(name: string): string {
  const known = goodNames.get(name);
  if (known !== undefined) return known;
  const lower = `${name}`.toLowerCase();
  if (!TOKEN.test(lower)) {
    const mend = isPseudo(lower) ? "; pseudo headers are changed through path, method, authority and status" : "";
    throw new ExchangeError("HEADER_INVALID", `${JSON.stringify(name)} is not a header name${mend}`);
  }
  if (goodNames.size < KEPT_NAMES) goodNames.set(name, lower);
  return lower;
}

function checkedValue(name: string, value: string): string {
  const text = `${value}`;
  const index = text.search(NOT_IN_A_VALUE);
  if (index >= 0) {
    const found = (text.codePointAt(index) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    throw new ExchangeError(
      "HEADER_INVALID",
      `value of header "${name}" contains U+${found} at ${index}: only tab, visible ASCII, space and U+0080 to U+00FF are allowed`,
    );
  }
  return trimmed(text);
}

function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function joined(key: string, values: readonly string[]): string | null {
  if (values.length === 0) return null;
  return values.length === 1 ? (values[0] ?? null) : values.join(key === "cookie" ? "; " : ", ");
}

function isLineArray(received: ReceivedFields | readonly string[]): received is readonly string[] {
  return Array.isArray(received);
}

function isPseudo(name: string): boolean {
  return name.charCodeAt(0) === 0x3a;
}

function startsWith(values: readonly string[], beginning: readonly string[]): boolean {
  if (beginning.length > values.length) return false;
  for (let i = 0; i < beginning.length; i++) if (values[i] !== beginning[i]) return false;
  return true;
}
