/** The response of an express application: what functions of Kubeless and Kyma answer with at `extensions.response`. */
import { STATUS_CODES } from "node:http";
import { type CookieOptions, serializeCookie } from "./cookie.ts";
import { inUtf8, mediaTypeOf, withCharset } from "./media-type.ts";
import type { HeaderValue } from "./outgoing-headers.ts";
import { OutgoingResponse } from "./outgoing-response.ts";
import type { EventRequest } from "./request.ts";

export class EventResponse extends OutgoingResponse {
  readonly locals: Record<string, unknown> = {};
  readonly req: EventRequest;

  constructor(request: EventRequest, warn: (message: string) => void) {
    super(warn);
    this.req = request;
  }

  status(code: number): this {
    this.statusCode = code;
    return this;
  }

  /** Text gets the charset it is sent in. */
  set(name: string | Readonly<Record<string, HeaderValue>>, value?: HeaderValue): this {
    if (typeof name === "object") {
      for (const [each, own] of Object.entries(name)) this.set(each, own);
      return this;
    }
    const isType = name.toLowerCase() === "content-type";
    if (isType && Array.isArray(value)) throw new TypeError("Content-Type cannot be set to an Array");
    const text = Array.isArray(value) ? value.map(String) : String(value);
    return this.setHeader(name, isType ? withCharset(String(text)) : text);
  }

  header(name: string | Readonly<Record<string, HeaderValue>>, value?: HeaderValue): this {
    return this.set(name, value);
  }

  get(name: string): HeaderValue | undefined {
    return this.getHeader(name);
  }

  append(name: string, value: HeaderValue): this {
    return this.appendHeader(name, value);
  }

  /** A media type, or a short name such as "json" or ".png". */
  type(name: string): this {
    return this.set("Content-Type", mediaTypeOf(name));
  }

  contentType(name: string): this {
    return this.type(name);
  }

  /** Text is HTML and bytes are an octet stream unless a type is set; anything else is sent as JSON. */
  send(body?: unknown): this {
    this.assertNotSent("set");
    if (this.#hasNoBody()) return this.#endWithoutBody();
    if (typeof body === "string") return this.#sendText(body, "text/html; charset=utf-8");
    if (body === undefined || body === null) return this.end();
    if (ArrayBuffer.isView(body)) {
      if (!this.hasHeader("content-type")) this.type("application/octet-stream");
      return this.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    }
    return this.json(body);
  }

  json(body?: unknown): this {
    return this.#sendText((JSON.stringify(body) as string | undefined) ?? "", "application/json; charset=utf-8");
  }

  /** As JSON, or called by the function the query's `callback` names. */
  jsonp(body?: unknown): this {
    const { callback } = this.req.query;
    const [given] = [callback].flat();
    const name = typeof given === "string" ? given.replace(/[^[\]\w$.]/g, "") : "";
    this.setHeader("X-Content-Type-Options", "nosniff");
    if (name === "") return this.json(body);
    const text = JSON.stringify(body)?.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029") ?? "";
    this.setHeader("Content-Type", "text/javascript; charset=utf-8");
    return this.send(`/**/ typeof ${name} === 'function' && ${name}(${text});`);
  }

  /** Calls the function for the type the client likes best, the first without a preference; else `default`, else 406. */
  format(writers: Readonly<Record<string, () => void>>): this {
    const names = Object.keys(writers).filter((name) => name !== "default");
    const best = names.length === 0 ? false : this.req.accepts(names);
    this.vary("Accept");
    if (typeof best === "string") this.type(best);
    const write = typeof best === "string" ? writers[best] : writers["default"];
    if (write === undefined) return this.sendStatus(406);
    write();
    return this;
  }

  links(links: Readonly<Record<string, string>>): this {
    const added = Object.entries(links).map(([relation, url]) => `<${url}>; rel="${relation}"`);
    return this.set("Link", [this.get("Link") ?? [], added].flat().join(", "));
  }

  /** With the status's own name as the body. */
  sendStatus(code: number): this {
    return this.status(code)
      .type("txt")
      .send(STATUS_CODES[code] ?? String(code));
  }

  location(url: string): this {
    const target = url === "back" ? (this.req.get("referrer") ?? "/") : url;
    return this.set("Location", encodeUrl(target));
  }

  redirect(url: string): void;
  redirect(status: number, url: string): void;
  redirect(first: string | number, second?: string | number): void {
    const [status, url] = typeof first === "number" ? [first, String(second)] : [Number(second ?? 302), first];
    const target = String(this.location(url).status(status).get("Location"));
    const text = `${STATUS_CODES[status] ?? status}. Redirecting to `;
    this.format({
      text: () => this.end(text + target),
      html: () => this.end(`<p>${text}${Bun.escapeHTML(target)}</p>`),
      default: () => this.end(),
    });
  }

  /** An object is sent as JSON behind "j:". Signed cookies need a secret, which there is none of. */
  cookie(name: string, value: unknown, options: CookieOptions & { readonly signed?: boolean } = {}): this {
    if (options.signed === true) throw new Error("cookies cannot be signed: there is no secret");
    const text = typeof value === "object" ? `j:${JSON.stringify(value)}` : `${value as string}`;
    return this.append("Set-Cookie", serializeCookie(name, text, options));
  }

  clearCookie(name: string, options: CookieOptions = {}): this {
    const { maxAge: _, ...others } = options;
    return this.cookie(name, "", { ...others, expires: new Date(1) });
  }

  vary(field: string | readonly string[]): this {
    const before = [this.get("Vary") ?? []].flat().flatMap((each) => String(each).split(/\s*,\s*/));
    const added = [field].flat().filter((each) => !before.some((own) => own.toLowerCase() === each.toLowerCase()));
    return added.length === 0 ? this : this.set("Vary", [...before, ...added].join(", "));
  }

  attachment(filename?: string): this {
    if (filename === undefined) return this.set("Content-Disposition", "attachment");
    const name = filename.replace(/^.*\//, "");
    if (name.includes(".")) this.type(name);
    const plain = name.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
    const extended = /[^\x20-\x7e]/.test(name) ? `; filename*=UTF-8''${encodeURIComponent(name)}` : "";
    return this.set("Content-Disposition", `attachment; filename="${plain}"${extended}`);
  }

  #sendText(text: string, type: string): this {
    this.assertNotSent("set");
    if (this.#hasNoBody()) return this.#endWithoutBody();
    const own = this.getHeader("content-type");
    this.setHeader("Content-Type", own === undefined ? type : inUtf8(String(own)));
    return this.end(text);
  }

  #hasNoBody(): boolean {
    return this.statusCode === 204 || this.statusCode === 304;
  }

  #endWithoutBody(): this {
    for (const name of ["Content-Type", "Content-Length", "Transfer-Encoding"]) this.removeHeader(name);
    return this.end();
  }
}

/** Percent-encodes what a URL may not hold, and leaves what is encoded already. */
function encodeUrl(url: string): string {
  return url.toWellFormed().replace(/[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu, (character) => {
    return character === "|" || character === "^" ? character : encodeURIComponent(character);
  });
}
