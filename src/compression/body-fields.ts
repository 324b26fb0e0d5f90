/** Which header fields of a message stop being true when its body gets other bytes, and what they must say instead. */
import { parseContentEncoding } from "./content-encoding.ts";

/** What became of a body. */
export interface BodyChange {
  /**
   * "same": only the coding differs, e.g. the body goes on decoded. "changed": it says something else than before.
   */
  readonly meaning: "same" | "changed";
  /** The codings the new bytes have, in the order applied. */
  readonly codings: readonly string[];
  /** In bytes; "unknown" until the body has ended, "by-proxy" when the proxy frames the message itself. */
  readonly length: number | "unknown" | "by-proxy";
}

/** Removals and settings; each name occurs once in one of them. */
export interface FieldFixes {
  readonly removed: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
}

export interface FieldReader {
  /** All lines of that name joined, null when there are none. */
  get(name: string): string | null;
  has(name: string): boolean;
}

/**
 * Digests of the coded bytes. `repr-digest` too: its representation data is what the content coding made (RFC 9530 3).
 * Computing them anew would vouch for bytes their author never saw.
 */
const DIGESTS = ["content-digest", "repr-digest", "digest", "content-md5"];

/** Ranges of the old bytes: pieces of both would be joined by a client that believed them (RFC 9110 14). */
const RANGES = ["accept-ranges", "content-range"];

/** Taken of the decoded bytes (Unencoded-Digest of the HTTP working group): outlives a change of coding. */
const UNENCODED_DIGEST = "unencoded-digest";

export function fixBodyFields(fields: FieldReader, { meaning, codings, length }: BodyChange): FieldFixes {
  const removed: string[] = [];
  const set: [string, string][] = [];
  const remove = (name: string): void => {
    if (fields.has(name)) removed.push(name);
  };
  if (codings.length === 0) remove("content-encoding");
  else if (!sameCodings(fields.get("content-encoding"), codings)) set.push(["content-encoding", codings.join(", ")]);
  if (meaning === "changed") remove("etag");
  else {
    const etag = fields.get("etag");
    if (etag !== null && !isWeak(etag)) set.push(["etag", `W/${etag}`]);
  }
  for (const name of DIGESTS) remove(name);
  if (meaning === "changed") remove(UNENCODED_DIGEST);
  for (const name of RANGES) remove(name);
  if (length === "unknown") remove("content-length");
  else if (length !== "by-proxy") set.push(["content-length", String(length)]);
  return { removed, set };
}

/**
 * Whether the body is only a part of a representation (RFC 9110 14.4, 15.3.7): bytes out of the middle of a coding, which
 * cannot be decoded.
 */
export function isPartialContent(fields: FieldReader): boolean {
  if (fields.has("content-range")) return true;
  return /^multipart\/byteranges\b/i.test(fields.get("content-type") ?? "");
}

/** The codings of a received body; none for a part of one, which cannot be decoded without the rest. */
export function undoableCodings(fields: FieldReader): string[] {
  const codings = parseContentEncoding(fields.get("content-encoding"));
  return codings.length === 0 || isPartialContent(fields) ? [] : codings;
}

/**
 * A strong tag promises the same bytes wherever it occurs, in every coding (RFC 9110 8.8.1, 8.8.3.3), which is no longer
 * so. A weak one promises the same meaning: caches still save the transfer with If-None-Match, which compares weakly,
 * while If-Match and If-Range, which compare strongly, fail safely.
 */
function isWeak(etag: string): boolean {
  return etag.startsWith("W/");
}

function sameCodings(contentEncoding: string | null, codings: readonly string[]): boolean {
  const present = parseContentEncoding(contentEncoding);
  return present.length === codings.length && present.every((coding, index) => coding === codings[index]);
}
