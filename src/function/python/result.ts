/** What a wrapper says of a handler's result, brought into the form of all Nuclio handlers. */
import { type NuclioResult, parseStatus } from "../nuclio/result.ts";

/** A wrapper's result line, as far as it was looked at. */
export interface WireResult {
  readonly body: string;
  readonly bodyEncoding: unknown;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly status: unknown;
}

/**
 * A list is what a batch answers with; outside of batches its first item counts, and an empty one is an empty text.
 * @throws Error when it is no result
 */
export function readResult(json: string): WireResult {
  const value: unknown = JSON.parse(json);
  const single: unknown = Array.isArray(value) ? (value[0] ?? EMPTY_TEXT) : value;
  if (typeof single !== "object" || single === null) throw new Error("the wrapper's result is no object");
  const fields = single as Readonly<Record<string, unknown>>;
  const { body = "", headers } = fields;
  if (typeof body !== "string") throw new Error("the wrapper's result has a body that is no text");
  return {
    body,
    bodyEncoding: fields["body_encoding"] ?? "text",
    contentType: typeof fields["content_type"] === "string" ? fields["content_type"] : "",
    headers: typeof headers === "object" && headers !== null ? (headers as Record<string, unknown>) : {},
    status: fields["status_code"] || 200,
  };
}

/**
 * A content type among the headers goes before the one a `Response` has by default. Numbers and switches become text, a list
 * one line an item.
 * @throws Error naming what cannot be sent
 */
export function toNuclioResult(wire: WireResult): NuclioResult {
  const status = parseStatus(wire.status);
  if (status === null)
    throw new Error(`the handler's status ${JSON.stringify(wire.status)} is not between 100 and 599`);
  const headers: [string, string][] = [];
  let contentType = wire.contentType === "" ? null : wire.contentType;
  for (const [name, value] of Object.entries(wire.headers)) {
    const key = name.toLowerCase();
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === null) continue;
      const text = headerText(name, one);
      if (key !== "content-type") headers.push([key, text]);
      else if (contentType === null || contentType === DEFAULT_CONTENT_TYPE) contentType = text;
    }
  }
  return { status, headers, contentType, body: decodeBody(wire) };
}

/** Of a `Response` that names none, and of texts and bytes. */
export const DEFAULT_CONTENT_TYPE = "text/plain";
const EMPTY_TEXT = { content_type: DEFAULT_CONTENT_TYPE };

export function decodeBody({ body, bodyEncoding }: WireResult): Uint8Array | null {
  if (bodyEncoding !== "text" && bodyEncoding !== "base64") {
    throw new Error(`Unknown body encoding - ${JSON.stringify(bodyEncoding)}`);
  }
  return body === "" ? null : Buffer.from(body, bodyEncoding === "text" ? "utf8" : "base64");
}

function headerText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  throw new Error(`the handler's header "${name}" is neither text nor a number: ${JSON.stringify(value)}`);
}
