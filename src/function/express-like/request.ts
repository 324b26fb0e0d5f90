/** An event as the request of an express application: what functions of Kubeless and Kyma read at `extensions.request`. */
import { Readable } from "node:stream";
import Negotiator from "negotiator";
import { type ParsedQs, parse } from "qs";
import type { FieldLines, FunctionEvent } from "../../event/contract.ts";
import { parseCookies } from "./cookie.ts";
import { matchMediaType, mediaTypeOf } from "./media-type.ts";

export type RequestHeaders = Record<string, string | string[] | undefined>;

/** Streams the event's body, whoever has looked at it before. */
export class EventRequest extends Readable {
  readonly method: string;
  /** Path and query. */
  url: string;
  readonly originalUrl: string;
  readonly baseUrl = "";
  readonly path: string;
  /** Names in lower case, lines of one name joined; `set-cookie` is a list. */
  readonly headers: RequestHeaders;
  readonly rawHeaders: string[];
  readonly httpVersion = "1.1";
  readonly protocol: "http" | "https";
  readonly secure: boolean;
  /** What the one route of all matches: the path, under the name 0. */
  readonly params: Record<string, string>;
  /** Set by the contract: what its body parsers make of the bytes. */
  body: unknown;
  readonly #event: FunctionEvent;
  #query: ParsedQs | undefined;
  #cookies: Record<string, string> | undefined;

  constructor(event: FunctionEvent) {
    super();
    this.#event = event;
    this.method = event.method || (event.body.byteLength > 0 ? "POST" : "GET");
    this.path = event.path || "/";
    this.url = this.path + (event.query === "" ? "" : `?${event.query}`);
    this.originalUrl = this.url;
    this.params = { 0: this.path };
    this.headers = joinLines(event.headers);
    this.rawHeaders = event.headers.flat();
    this.protocol = event.url.startsWith("https:") ? "https" : "http";
    this.secure = this.protocol === "https";
  }

  get socket(): { readonly remoteAddress: string; readonly encrypted: boolean } {
    return { remoteAddress: this.ip, encrypted: this.secure };
  }

  get connection(): EventRequest["socket"] {
    return this.socket;
  }

  get ip(): string {
    return this.#event.remoteAddress ?? "";
  }

  get ips(): string[] {
    return [];
  }

  /** Nested: `a[b]=1` is `{ a: { b: "1" } }`. */
  get query(): ParsedQs {
    return (this.#query ??= parse(this.#event.query, { allowPrototypes: true }));
  }

  get cookies(): Record<string, string> {
    return (this.#cookies ??= parseCookies(this.get("cookie")));
  }

  /** Without the port. */
  get hostname(): string {
    const host = this.host;
    return host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : (host.split(":", 1)[0] ?? "");
  }

  get host(): string {
    return this.get("host") ?? (URL.canParse(this.#event.url) ? new URL(this.#event.url).host : "");
  }

  get subdomains(): string[] {
    return /^[\d.]*$|^\[/.test(this.hostname) ? [] : this.hostname.split(".").reverse().slice(2);
  }

  get xhr(): boolean {
    return this.get("x-requested-with")?.toLowerCase() === "xmlhttprequest";
  }

  /** No response is kept to be compared with. */
  get fresh(): boolean {
    return false;
  }

  get stale(): boolean {
    return true;
  }

  /** By the header fields, as HTTP frames it: an empty body is one too. */
  get hasBody(): boolean {
    const length = this.headers["content-length"];
    return this.#event.body.byteLength > 0 || this.headers["transfer-encoding"] !== undefined || length !== undefined;
  }

  get(name: "set-cookie"): string[] | undefined;
  get(name: string): string | undefined;
  get(name: string): string | string[] | undefined {
    const key = name.toLowerCase();
    const { headers } = this;
    return key === "referer" || key === "referrer" ? (headers["referrer"] ?? headers["referer"]) : headers[key];
  }

  header(name: string): string | undefined {
    return this.get(name);
  }

  /** The first of the types the body is of; null without a body, false when it is of none of them. */
  is(...types: (string | string[])[]): string | false | null {
    return this.hasBody ? matchMediaType(this.get("content-type"), types.flat()) : null;
  }

  /** The best of the given types for the client, false when it takes none; without any: all it takes, best first. */
  accepts(...types: (string | string[])[]): string | string[] | false {
    const names = types.flat();
    const negotiator = new Negotiator(this as { headers: Record<string, string> });
    if (names.length === 0) return negotiator.mediaTypes();
    const known = names.map(mediaTypeOf);
    const [best] = this.headers["accept"] === undefined ? known : negotiator.mediaTypes(known);
    return names[known.indexOf(best ?? "")] ?? false;
  }

  acceptsEncodings(...encodings: string[]): string | string[] | false {
    const found = new Negotiator(this as { headers: Record<string, string> }).encodings(some(encodings));
    return encodings.length === 0 ? found : (found[0] ?? false);
  }

  acceptsCharsets(...charsets: string[]): string | string[] | false {
    const found = new Negotiator(this as { headers: Record<string, string> }).charsets(some(charsets));
    return charsets.length === 0 ? found : (found[0] ?? false);
  }

  acceptsLanguages(...languages: string[]): string | string[] | false {
    const found = new Negotiator(this as { headers: Record<string, string> }).languages(some(languages));
    return languages.length === 0 ? found : (found[0] ?? false);
  }

  /** The time a call may take is the contract's; nothing waits on this socket. */
  setTimeout(): this {
    return this;
  }

  override _read(): void {
    if (this.#event.body.byteLength > 0) this.push(Buffer.from(this.#event.body));
    this.push(null);
  }
}

function some(names: string[]): string[] | undefined {
  return names.length === 0 ? undefined : names;
}

function joinLines(lines: FieldLines): RequestHeaders {
  const headers: RequestHeaders = {};
  for (const [name, value] of lines) {
    const before = headers[name];
    if (name === "set-cookie") headers[name] = [...(Array.isArray(before) ? before : []), value];
    else headers[name] = before === undefined ? value : `${String(before)}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}
