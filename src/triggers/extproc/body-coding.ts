/**
 * Content codings of a message between proxy and function: functions read bodies decoded, and what they give back is
 * encoded again as the message was, or sent plain with its `content-encoding` removed.
 */
import { isPartialContent, undoableCodings } from "../../compression/body-fields.ts";
import { areKnownCodings, parseContentEncoding } from "../../compression/content-encoding.ts";
import { decodeStream } from "../../compression/decode-stream.ts";
import { encodeBody } from "../../compression/encode-body.ts";
import { encodeStream } from "../../compression/encode-stream.ts";
import { toStream } from "../../function/body-pieces.ts";
import type { FlowingBody } from "../../function/contract.ts";
import type { Direction } from "./direction.ts";

export interface BodyCoding {
  /** In the order they were applied; empty: bodies are taken as they are. */
  readonly codings: readonly string[];
  /** A new body is sent without them: `content-encoding` comes off. */
  readonly removed: boolean;
}

const NONE: BodyCoding = { codings: [], removed: false };

/**
 * The coding of a direction's body. A function that sets `content-encoding` itself gives bytes in that coding, and one
 * that nobody can decode is left alone.
 * @param headersLeft the header went on: a new body must be in its coding.
 */
export function codingOf(direction: Direction, headersLeft: boolean): BodyCoding {
  const { processing } = direction.owner.service.settings;
  if (!processing.decompressBodies || direction.headers.touched("content-encoding")) return NONE;
  const codings = parseContentEncoding(direction.headers.get("content-encoding"));
  if (codings.length === 0) return NONE;
  if (!areKnownCodings(codings) || isPartialContent(direction.headers.received))
    return { codings: [], removed: !headersLeft };
  return { codings, removed: !headersLeft && !processing.recompressBodies };
}

/** A whole new body as it is sent. */
export function toSentBody(body: Uint8Array, { codings, removed }: BodyCoding): Uint8Array | Promise<Uint8Array> {
  return removed || codings.length === 0 || body.length === 0 ? body : encodeBody(body, codings);
}

/** A new body as it flows, as it is sent: what is written at once leaves at once. */
export function toSentStream(body: FlowingBody, { codings, removed }: BodyCoding): FlowingBody {
  return removed || codings.length === 0 ? body : encodeStream(toStream(body), codings, { flush: "each-chunk" });
}

/** A received body as the function reads it, as it comes. Asked for at most once. */
export function openReadStream(direction: Direction): ReadableStream<Uint8Array> {
  const { settings } = direction.owner.service;
  const codings = settings.processing.decompressBodies ? undoableCodings(direction.headers.received) : [];
  if (codings.length === 0) return direction.openStream("as-received");
  // A stream is never held whole, so its length needs no limit; what a byte may become does.
  const limits = { maxBytes: Infinity, maxExpansionRatio: settings.maxExpansionRatio };
  return decodeStream(direction.openStream("joined"), codings, limits); // each piece is work for another thread
}
