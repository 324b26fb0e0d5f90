/** What `processor invoke` plays: the filter's configuration, the client's request, the upstream's response. */
import type { ExchangeContext } from "./encode-request.ts";
import type { EnvoyConfig, HeaderFields } from "./envoy/model.ts";

/** A message as its sender gives it to Envoy. */
export interface MessageScript {
  readonly fields: HeaderFields;
  /** Null: the headers end the message. */
  readonly body: Uint8Array | null;
  readonly trailers: HeaderFields | null;
}

export interface Scenario {
  readonly envoy: EnvoyConfig;
  readonly request: MessageScript;
  /** "echo" sends the body back that reaches the upstream. */
  readonly response: MessageScript | { readonly status: number; readonly echo: true; readonly fields: HeaderFields };
  /** Bodies arrive at Envoy in chunks of this size. */
  readonly chunkBytes: number;
  readonly context: ExchangeContext;
}

/** The message with `content-length`, as HTTP clients and servers send it; trailers go with chunked coding. */
export function withLength(message: MessageScript): MessageScript {
  const { fields, body, trailers } = message;
  if (body === null || trailers !== null || fields.some(([name]) => name === "content-length")) return message;
  return { ...message, fields: [...fields, ["content-length", String(body.length)]] };
}

/** Pieces of a body; one empty piece for an empty body, whose end is a frame of its own. */
export function chunksOf(body: Uint8Array, chunkBytes: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += chunkBytes) chunks.push(body.subarray(at, at + chunkBytes));
  return chunks.length === 0 ? [body] : chunks;
}
