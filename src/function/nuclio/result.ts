/** What a Nuclio handler gave, brought into one form. */
import { HandlerResponse } from "./response.ts";

export interface NuclioResult {
  /** 100 to 599; null when the handler named none. */
  readonly status: number | null;
  /** Names in lower case, one entry a value; `content-type` is not among them. */
  readonly headers: readonly (readonly [string, string])[];
  /** Null when neither the handler nor the kind of the value says. */
  readonly contentType: string | null;
  /** Null when nothing was given: `undefined`, `null` or an empty text. Zero bytes come of `[status, ""]` only. */
  readonly body: Uint8Array | null;
}

/**
 * - text, bytes: the body
 * - `[status, body]`
 * - `context.Response`, and the Web's `Response`
 * - anything else: its JSON
 *
 * @throws The error itself when the value is one; an Error naming what cannot be sent.
 */
export function toResult(value: unknown): NuclioResult | Promise<NuclioResult> {
  if (value instanceof Error) throw value;
  if (value instanceof HandlerResponse) return fromHandlerResponse(value);
  if (value instanceof Response) return fromWebResponse(value);
  if (isStatusAndBody(value)) {
    const [status, body] = value;
    return { status: checkedStatus(status), headers: [], ...encodeBody(body, "text"), body: tupleBody(body) };
  }
  return { status: null, headers: [], ...encodeBody(value, "text") };
}

/** Values that HTTP allows as a status, from numbers and their text. Null when `value` is none. */
export function parseStatus(value: unknown): number | null {
  const status = typeof value === "string" && /^\s*\d{3}\s*$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 100 && status <= 599 ? status : null;
}

interface EncodedBody {
  readonly contentType: string | null;
  readonly body: Uint8Array | null;
}

function fromHandlerResponse(response: HandlerResponse): NuclioResult {
  const { contentType, body } = encodeBody(response.body, response.body_encoding);
  const { headers, contentType: headerType } = headerLines(response.headers);
  return {
    status: checkedStatus(response.status_code),
    headers,
    // The argument stands between headers and status: without a body it is often only there to reach the latter.
    contentType: (body === null ? null : response.givenContentType) ?? headerType ?? contentType,
    body,
  };
}

async function fromWebResponse(response: Response): Promise<NuclioResult> {
  const body = await response.bytes();
  const { headers, contentType } = headerLines(response.headers);
  return { status: response.status, headers, contentType, body: body.byteLength === 0 ? null : body };
}

function isStatusAndBody(value: unknown): value is [number, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "number";
}

function tupleBody(body: unknown): Uint8Array | null {
  return body === undefined || body === null ? null : (encodeBody(body, "text").body ?? new Uint8Array(0));
}

function checkedStatus(status: unknown): number {
  const parsed = parseStatus(status);
  if (parsed === null) throw new Error(`the handler's status ${Bun.inspect(status)} is not between 100 and 599`);
  return parsed;
}

function encodeBody(body: unknown, encoding: "text" | "base64"): EncodedBody {
  if (body === undefined || body === null || body === "") return { contentType: null, body: null };
  if (typeof body === "string")
    return { contentType: null, body: Buffer.from(body, encoding === "base64" ? "base64" : "utf8") };
  const bytes = asBytes(body);
  if (bytes !== null) return { contentType: null, body: bytes.byteLength === 0 ? null : bytes };
  return { contentType: "application/json", body: Buffer.from(toJson(body)) };
}

function asBytes(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
}

function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw new Error(`the handler's result has no JSON form: ${String(cause)}`, { cause });
  }
  if (text === undefined) throw new Error(`the handler gave a ${typeof value}, which has no JSON form`);
  return text;
}

function headerLines(given: Headers | Record<string, unknown> | null | undefined): {
  headers: [string, string][];
  contentType: string | null;
} {
  const headers: [string, string][] = [];
  let contentType: string | null = null;
  for (const [name, value] of given instanceof Headers ? given : Object.entries(given ?? {})) {
    const key = name.toLowerCase();
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === undefined || one === null) continue;
      const text = headerText(name, one);
      if (key === "content-type") contentType = text;
      else headers.push([key, text]);
    }
  }
  return { headers, contentType };
}

function headerText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new Error(`the handler's header "${name}" is neither text nor a number: ${Bun.inspect(value)}`);
}
