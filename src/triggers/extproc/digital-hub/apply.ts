/** Carries out a verdict on the message it is about. */
import type { HeaderList, Message } from "../../../function/contract.ts";
import type { ProcessedResponse } from "./contract.ts";
import type { Content, Verdict } from "./verdict.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * @param seen The decoded body the handler saw, null when it saw none: given back as it was, the message keeps its bytes.
 */
export function applyContent(message: Message, content: Content, seen: Uint8Array | null): void {
  const { headers, contentType, body } = content;
  for (const [name, values] of groupByName(headers)) setHeader(message.headers, name, values);
  if (contentType !== null) setHeader(message.headers, "content-type", [contentType]);
  if (body === null || (seen !== null && Buffer.compare(body, seen) === 0)) return;
  if (body.byteLength > 0 || message.body !== null) message.body = body;
}

/** The answer to a request that does not go upstream. */
export function toResponse({ status, content }: Extract<Verdict, { kind: "answer" }>): Response {
  const headers = new Headers();
  for (const [name, value] of content.headers) headers.append(name, value);
  const body = answerBody(status, content);
  if (body.byteLength > 0) headers.set("content-type", content.contentType ?? "text/plain");
  return new Response(body, { status, headers });
}

/** In the response phase: the upstream's response with the handler's status and body in place of its own. */
export function applyAnswer(
  response: ProcessedResponse,
  { status, content }: Extract<Verdict, { kind: "answer" }>,
  seen: Uint8Array | null,
): void {
  if (response.status !== status) response.status = status;
  const body = answerBody(status, content);
  const contentType = content.contentType ?? (body.byteLength > 0 ? "text/plain" : null);
  applyContent(response, { headers: content.headers, contentType, body }, seen);
}

function answerBody(status: number, content: Content): Uint8Array {
  const forbidden = status === 204 || status === 304; // RFC 9110 6.4.1
  return forbidden || content.body === null ? EMPTY : content.body;
}

/** A handler that hands back all headers it was given changes none, however their lines were joined for it. */
function setHeader(headers: HeaderList, name: string, values: readonly string[]): void {
  const [first = "", ...others] = values;
  if (others.length === 0 && headers.get(name) === first) return;
  headers.set(name, first);
  for (const value of others) headers.append(name, value);
}

function groupByName(lines: Content["headers"]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const values = groups.get(name);
    if (values === undefined) groups.set(name, [value]);
    else values.push(value);
  }
  return groups;
}
