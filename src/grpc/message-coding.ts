/** Message codings (`grpc-encoding`) that are understood, each with a limit on what a message may grow to. */
import { gunzipSync, inflateSync } from "node:zlib";

/** What is answered as `grpc-accept-encoding` to a client that used another coding. */
export const ACCEPTED_CODINGS = "identity,deflate,gzip";

/** A coding other than identity. */
export type MessageCoding = "gzip" | "deflate";

/** The coding a client announced: null for none, undefined for one that is not understood. */
export function parseMessageCoding(value: string | undefined): MessageCoding | null | undefined {
  if (value === undefined || value === "identity") return null;
  return value === "gzip" || value === "deflate" ? value : undefined;
}

export type DecodedMessage =
  | { readonly kind: "message"; readonly message: Uint8Array }
  | { readonly kind: "too-long" }
  | { readonly kind: "broken" };

/** Decodes one message; never allocates much beyond `maxBytes`. */
export function decodeMessage(coding: MessageCoding, encoded: Uint8Array, maxBytes: number): DecodedMessage {
  try {
    const options = { maxOutputLength: maxBytes };
    const message = coding === "gzip" ? gunzipSync(encoded, options) : inflateSync(encoded, options);
    return { kind: "message", message };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return { kind: code === "ERR_BUFFER_TOO_LARGE" ? "too-long" : "broken" };
  }
}
