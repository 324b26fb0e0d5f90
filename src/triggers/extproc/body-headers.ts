/** Header fields that describe a body, put right when the body is another one. */
import type { ChangedLine, FieldList, HeaderChanges } from "../../function/header-list.ts";

/** True only of the bytes they came with (RFC 9110 8.8.3, 14.3, 14.4; RFC 9530; RFC 1864). */
const DESCRIBE_OLD_BODY = [
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "etag",
  "accept-ranges",
  "content-range",
];

export interface BodyHeaders {
  /** Null leaves the length to Envoy. */
  readonly contentLength: number | null;
  /** The new body carries none of the old one's content codings. */
  readonly plainBody: boolean;
}

/**
 * Adds to the changes what another body needs: fields that described the old one go, unless the function set them itself.
 */
export function withBodyHeaders(
  fields: FieldList,
  changes: HeaderChanges | null,
  { contentLength, plainBody }: BodyHeaders,
): HeaderChanges | null {
  const set: ChangedLine[] = changes === null ? [] : [...changes.set];
  const removed = changes === null ? [] : [...changes.removed];
  for (const name of plainBody ? ["content-encoding", ...DESCRIBE_OLD_BODY] : DESCRIBE_OLD_BODY) {
    if (fields.has(name) && !set.some((line) => line.name === name)) removed.push(name);
  }
  if (contentLength !== null) set.push({ name: "content-length", value: String(contentLength), append: false });
  return set.length === 0 && removed.length === 0 ? null : { removed, set };
}

/**
 * Leaves `content-length` and `transfer-encoding` to the proxy: what a function says of them could only cut or double the
 * body. Messages without a body keep theirs, as the answer to HEAD has one.
 */
export function withoutFraming(changes: HeaderChanges | null): HeaderChanges | null {
  if (changes === null) return null;
  const set = changes.set.filter((line) => !isFraming(line.name));
  const removed = changes.removed.filter((name) => !isFraming(name));
  if (set.length === changes.set.length && removed.length === changes.removed.length) return changes;
  return set.length === 0 && removed.length === 0 ? null : { removed, set };
}

function isFraming(name: string): boolean {
  return name === "content-length" || name === "transfer-encoding";
}
