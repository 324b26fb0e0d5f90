/** The header fields of a response as Node's servers keep them. */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { FieldLines } from "../../event/contract.ts";

export type HeaderValue = string | number | readonly string[];

/** Names keep the case they were set in, and are found in any. Throws a TypeError on what HTTP does not allow. */
export class OutgoingHeaders {
  readonly #fields = new Map<string, { readonly name: string; readonly value: HeaderValue }>();

  set(name: string, value: HeaderValue): void {
    validateHeaderName(name);
    for (const each of Array.isArray(value) ? value : [value]) validateHeaderValue(name, each as string);
    this.#fields.set(name.toLowerCase(), { name, value });
  }

  append(name: string, value: HeaderValue): void {
    const before = this.get(name);
    this.set(name, before === undefined ? value : [before, value].flat().map(String));
  }

  get(name: string): HeaderValue | undefined {
    return this.#fields.get(name.toLowerCase())?.value;
  }

  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase());
  }

  remove(name: string): void {
    this.#fields.delete(name.toLowerCase());
  }

  names(): string[] {
    return [...this.#fields.keys()];
  }

  all(): Record<string, HeaderValue> {
    return Object.fromEntries([...this.#fields].map(([key, { value }]) => [key, value]));
  }

  /** What travels: how the body is framed is the server's business. */
  lines(): FieldLines {
    return [...this.#fields].flatMap(([key, { value }]) =>
      OF_THE_SERVER.has(key) ? [] : [value].flat().map((each) => [key, String(each)] as const),
    );
  }
}

const OF_THE_SERVER = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);
