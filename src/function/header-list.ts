/**
 * The header fields of a message as functions see and change them. Kept as the flat list they arrived in; what a
 * function changes is told by name, so that untouched field lines never travel back.
 */
import type { HeaderList } from "./contract.ts";
import { ExchangeError, type ExchangeErrorCode } from "./errors.ts";

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

export class FieldList implements HeaderList {
  /** Set by the owner of the message: which names may change, and whether any still may. */
  guard: HeaderGuard | null = null;
  readonly #received: readonly string[];
  #lines: readonly string[];
  /** `#lines` itself once it may be written to; null while somebody else sees it: the sender, or an iterator under way. */
  #writable: string[] | null = null;
  #touched: Set<string> | null = null;

  /**
   * @param lines `[name, value, name, value, …]`, names in lower case, values Latin-1; kept, never written to.
   *   Pseudo headers may be among them: `pseudo` reads them, everything else passes over them.
   */
  constructor(lines: readonly string[] = []) {
    this.#received = lines;
    this.#lines = lines;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    if (isPseudo(key)) return null;
    const lines = this.#lines;
    let joined: string | null = null;
    for (let i = 0; i < lines.length; i += 2) {
      if (lines[i] !== key) continue;
      const value = lines[i + 1] ?? "";
      joined = joined === null ? value : joined + (key === "cookie" ? "; " : ", ") + value;
    }
    return joined;
  }

  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return isPseudo(key) ? [] : valuesOf(this.#lines, key);
  }

  getSetCookie(): string[] {
    return valuesOf(this.#lines, "set-cookie");
  }

  has(name: string): boolean {
    const key = name.toLowerCase();
    return !isPseudo(key) && indexOf(this.#lines, key, 0) >= 0;
  }

  /** Replaces the first line of that name where it stands and drops the others; a new name goes to the end. */
  set(name: string, value: string): void {
    const key = checkedName(name);
    const text = checkedValue(key, value);
    const lines = this.#change(key);
    const first = indexOf(lines, key, 0);
    if (first < 0) {
      lines.push(key, text);
    } else {
      lines[first + 1] = text;
      removeFrom(lines, key, first + 2);
    }
  }

  append(name: string, value: string): void {
    const key = checkedName(name);
    const text = checkedValue(key, value);
    this.#change(key).push(key, text);
  }

  delete(name: string): void {
    const key = checkedName(name);
    removeFrom(this.#change(key), key, 0);
  }

  *entries(): IterableIterator<[string, string]> {
    const lines = this.#share();
    for (let i = 0; i < lines.length; i += 2) {
      const name = lines[i] ?? "";
      if (!isPseudo(name)) yield [name, lines[i + 1] ?? ""];
    }
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

  /** Value of a pseudo header as received, e.g. `pseudo(":path")`; null when there is none. */
  pseudo(name: `:${string}`): string | null {
    const index = indexOf(this.#received, name, 0);
    return index < 0 ? null : (this.#received[index + 1] ?? "");
  }

  /** From now on every change throws. */
  freeze(code: ExchangeErrorCode, reason: string): void {
    this.guard = (name) => {
      throw new ExchangeError(code, `header "${name}" cannot be changed: ${reason}`);
    };
  }

  /** What differs from the received lines; null when nothing does. A name set to what it was is no change. */
  changes(): HeaderChanges | null {
    const touched = this.#touched;
    if (touched === null) return null;
    const before = groupByName(this.#received, touched);
    const after = groupByName(this.#lines, touched);
    const removed: string[] = [];
    const set: ChangedLine[] = [];
    for (const name of touched) {
      const old = before.get(name);
      const now = after.get(name);
      if (now === undefined) {
        if (old !== undefined) removed.push(name);
        continue;
      }
      const kept = old !== undefined && startsWith(now, old) ? old.length : 0;
      for (let i = kept; i < now.length; i++) set.push({ name, value: now[i] ?? "", append: i > 0 });
    }
    return removed.length === 0 && set.length === 0 ? null : { removed, set };
  }

  /** The lines to write a change of `name` to. */
  #change(name: string): string[] {
    this.guard?.(name);
    (this.#touched ??= new Set()).add(name);
    if (this.#writable === null) this.#lines = this.#writable = this.#lines.slice();
    return this.#writable;
  }

  /** The lines as they are now: a change during an iteration goes to a copy, so deleting in a loop skips nothing. */
  #share(): readonly string[] {
    this.#writable = null;
    return this.#lines;
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/; // RFC 9110 5.6.2, in lower case
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/; // RFC 9110 5.5: Envoy refuses all else

function checkedName(name: string): string {
  const lower = `${name}`.toLowerCase();
  if (!TOKEN.test(lower)) {
    const mend = isPseudo(lower) ? "; pseudo headers are changed through path, method, authority and status" : "";
    throw new ExchangeError("HEADER_INVALID", `${JSON.stringify(name)} is not a header name${mend}`);
  }
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

function isPseudo(name: string): boolean {
  return name.charCodeAt(0) === 0x3a;
}

function indexOf(lines: readonly string[], name: string, from: number): number {
  for (let i = from; i < lines.length; i += 2) if (lines[i] === name) return i;
  return -1;
}

function valuesOf(lines: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < lines.length; i += 2) if (lines[i] === name) values.push(lines[i + 1] ?? "");
  return values;
}

function removeFrom(lines: string[], name: string, from: number): void {
  let kept = indexOf(lines, name, from);
  if (kept < 0) return;
  for (let i = kept + 2; i < lines.length; i += 2) {
    const other = lines[i] ?? "";
    if (other === name) continue;
    lines[kept++] = other;
    lines[kept++] = lines[i + 1] ?? "";
  }
  lines.length = kept;
}

function groupByName(lines: readonly string[], names: ReadonlySet<string>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] ?? "";
    if (!names.has(name)) continue;
    const values = groups.get(name);
    if (values === undefined) groups.set(name, [lines[i + 1] ?? ""]);
    else values.push(lines[i + 1] ?? "");
  }
  return groups;
}

function startsWith(values: readonly string[], beginning: readonly string[]): boolean {
  return beginning.length <= values.length && beginning.every((value, i) => values[i] === value);
}
