/** What a Nuclio handler gave, brought into one form. */
import { toByteStream } from "../body-pieces.ts";
import { HandlerResponse } from "./response.ts";
import { isStreamed, type Streamed } from "./streamed-body.ts";

export interface NuclioResult {
  /** 100 to 599; null when the handler named none. */
  readonly status: number | null;
  /** Names in lower case, one entry a value; `content-type` is not among them. */
  readonly headers: readonly (readonly [string, string])[];
  /** Null when neither the handler nor the kind of the value says. */
  readonly contentType: string | null;
  /** Null when nothing was given: `undefined`, `null` or an empty text. Zero bytes come of `[status, ""]` only. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/** A result whose body is there. */
export type WholeNuclioResult = NuclioResult & { readonly body: Uint8Array | null };

/**
 * - text, bytes: the body
 * - `[status, body]`
 * - `context.Response`, and the Web's `Response`
 * - a stream, a generator, an async iterable: the body, piece by piece
 * - anything else: its JSON
 *
 * @throws The error itself when the value is one; an Error naming what cannot be sent.
 */
export function toResult(value: unknown): NuclioResult | Promise<NuclioResult> {
  if (value instanceof Error) throw value;
  if (value instanceof HandlerResponse) return fromHandlerResponse(value);
  if (value instanceof Response) return fromWebResponse(value);
  if (isStatusAndBody(value)) {
    const [given, body] = value;
    const status = checkedStatus(given);
    if (isStreamed(body)) return fromStream(body, { status, headers: [], contentType: null });
    return { status, headers: [], ...encodeBody(body, "text"), body: tupleBody(body) };
  }
  if (isStreamed(value)) return fromStream(value, { status: null, headers: [], contentType: null });
  return { status: null, headers: [], ...encodeBody(value, "text") };
}

/** The result with its stream read to the end. Rejects as the stream does. */
export async function collectResult(result: NuclioResult): Promise<WholeNuclioResult> {
  const { body } = result;
  if (body === null || body instanceof Uint8Array) return { ...result, body };
  const bytes = await new Response(body).bytes();
  return { ...result, body: bytes.byteLength === 0 ? null : bytes };
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

/** Names the file that is the body. */
const FILE_HEADER = "x-nuclio-filestream-path";

function fromHandlerResponse(response: HandlerResponse): NuclioResult | Promise<NuclioResult> {
  const status = checkedStatus(response.status_code);
  const { headers, contentType: headerType } = headerLines(response.headers);
  const given = response.givenContentType;
  if (isStreamed(response.body)) {
    return fromStream(response.body, { status, headers, contentType: given ?? headerType });
  }
  const { contentType, body } = encodeBody(response.body, response.body_encoding);
  // The argument stands between headers and status: without a body it is often only there to reach the latter.
  const hasBody = body !== null || headers.some(([name]) => name === FILE_HEADER);
  return { status, headers, contentType: (hasBody ? given : null) ?? headerType ?? contentType, body };
}

function fromWebResponse(response: Response): NuclioResult {
  const { headers, contentType } = headerLines(response.headers);
  return { status: response.status, headers, contentType, body: response.body };
}

/** The first piece is waited for: a generator that fails before it is a handler that fails. */
async function fromStream(source: Streamed, head: Omit<NuclioResult, "body">): Promise<NuclioResult> {
  if (source instanceof ReadableStream) return { ...head, body: toByteStream(source[Symbol.asyncIterator]()) };
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  return { ...head, body: toByteStream(iterator, await iterator.next()) };
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
