/** The response of an express application: what functions of Kubeless and Kyma answer with at `extensions.response`. */
import { STATUS_CODES } from "node:http";
import { type CookieOptions, serializeCookie } from "./cookie.ts";
import { mediaTypeOf, withCharset } from "./media-type.ts";
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
    const text = name.toLowerCase() === "content-type" && typeof value === "string" ? withCharset(value) : value;
    return this.setHeader(name, text as HeaderValue);
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
    this.location(url).status(status).type("txt");
    this.end(`${STATUS_CODES[status] ?? status}. Redirecting to ${String(this.get("Location"))}`);
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
    if (!this.hasHeader("content-type")) this.setHeader("Content-Type", type);
    return this.end(text);
  }
}

/** Percent-encodes what a URL may not hold, and leaves what is encoded already. */
function encodeUrl(url: string): string {
  return url.toWellFormed().replace(/[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu, (character) => {
    return character === "|" || character === "^" ? character : encodeURIComponent(character);
  });
}
