/** Cookies: what a client sent, and the line that sets one (RFC 6265 4.1 and 5.4). */

export interface CookieOptions {
  /** In milliseconds; goes before `expires`. */
  readonly maxAge?: number | null;
  readonly expires?: Date;
  readonly domain?: string;
  /** Default "/". */
  readonly path?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly partitioned?: boolean;
  readonly priority?: "low" | "medium" | "high";
  readonly sameSite?: boolean | "lax" | "strict" | "none" | "Lax" | "Strict" | "None";
  readonly encode?: (value: string) => string;
}

/** Of a `cookie` header; the first of a name counts. A value that is no valid percent-encoding stays as it is. */
export function parseCookies(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at < 0 || Object.hasOwn(cookies, name)) continue;
    cookies[name] = decode(
      pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1"),
    );
  }
  return cookies;
}

/** The value of a `set-cookie` header. Throws a TypeError on what no cookie may have. */
export function serializeCookie(name: string, value: string, options: CookieOptions): string {
  if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a name for a cookie`);
  const encoded = (options.encode ?? encodeURIComponent)(value);
  if (!VALUE.test(encoded)) throw new TypeError(`the value of cookie "${name}" has characters no cookie may have`);
  const { maxAge } = options;
  const expires = typeof maxAge === "number" ? new Date(Date.now() + maxAge) : options.expires;
  const parts = [
    `${name}=${encoded}`,
    typeof maxAge === "number" && `Max-Age=${Math.floor(maxAge / 1000)}`,
    options.domain !== undefined && `Domain=${checked("domain", options.domain)}`,
    `Path=${checked("path", options.path ?? "/")}`,
    expires !== undefined && `Expires=${expires.toUTCString()}`,
    options.httpOnly === true && "HttpOnly",
    options.secure === true && "Secure",
    options.partitioned === true && "Partitioned",
    options.priority !== undefined && `Priority=${capitalized(checked("priority", options.priority))}`,
    sameSite(options.sameSite),
  ];
  return parts.filter((part) => part !== false).join("; ");
}

const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

function checked(option: string, value: string): string {
  if (/^[\x20-\x3a\x3c-\x7e]*$/.test(value)) return value;
  throw new TypeError(`the ${option} of a cookie cannot be ${JSON.stringify(value)}`);
}

function sameSite(value: CookieOptions["sameSite"]): string | false {
  if (value === undefined || value === false) return false;
  return `SameSite=${capitalized(checked("sameSite", value === true ? "strict" : value))}`;
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Foreign cookies need not be percent-encoded.
    return value;
  }
}
