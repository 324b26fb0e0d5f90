/** Header fields that describe a body, put right when the body is another one. */
import { fixBodyFields } from "../../compression/body-fields.ts";
import { parseContentEncoding } from "../../compression/content-encoding.ts";
import type { ChangedLine, FieldList, HeaderChanges } from "../../function/header-list.ts";

export interface BodyHeaders {
  /** "by-proxy" leaves the length to Envoy; "unknown" takes it out. */
  readonly contentLength: number | "by-proxy" | "unknown";
  /** The new body carries none of the old one's content codings. */
  readonly plainBody: boolean;
}

/**
 * Adds to the changes what another body needs: fields that described the old one go or are put right, unless the function
 * set them itself.
 */
export function withBodyHeaders(
  fields: FieldList,
  changes: HeaderChanges | null,
  { contentLength, plainBody }: BodyHeaders,
): HeaderChanges | null {
  const codings = plainBody ? [] : parseContentEncoding(fields.get("content-encoding"));
  const fixes = fixBodyFields(fields, { meaning: "changed", codings, length: contentLength });
  const set: ChangedLine[] = changes === null ? [] : [...changes.set];
  const removed = changes === null ? [] : [...changes.removed];
  for (const name of fixes.removed) if (!setsName(changes, name)) removed.push(name);
  for (const [name, value] of fixes.set) if (!setsName(changes, name)) set.push({ name, value, append: false });
  return set.length === 0 && removed.length === 0 ? null : { removed, set };
}

/**
 * Leaves `content-length` and `transfer-encoding` to the proxy: what a function says of them could only cut or double the
 * body, or have somebody wait for one. @param keepsLength of a body that is not sent, as in the answer to HEAD, it may say.
 */
export function withoutFraming(changes: HeaderChanges | null, keepsLength = false): HeaderChanges | null {
  const isFraming = keepsLength ? isTransferEncoding : frames;
  if (changes === null || !(changes.set.some(({ name }) => isFraming(name)) || changes.removed.some(isFraming))) {
    return changes;
  }
  const set = changes.set.filter(({ name }) => !isFraming(name));
  const removed = changes.removed.filter((name) => !isFraming(name));
  return set.length === 0 && removed.length === 0 ? null : { removed, set };
}

/** What decides on the framing of a message that ends with its headers. */
interface EmptyMessage {
  readonly headers: FieldList;
  /** The function set a pseudo header. */
  readonly pseudoSet: boolean;
  /** HTTP allows no body here. */
  readonly forbidsBody: boolean;
  pseudo(name: ":status"): string;
}

/**
 * The changes of a message that ends with its headers. Its length is that of a body that is not sent, as in answers to
 * HEAD and in a 304, of which the function may tell; what it made of a 304 has nobody wait for the body that told of.
 */
export function framedAsEmpty(message: EmptyMessage, changes: HeaderChanges | null): HeaderChanges | null {
  const { headers, pseudoSet, forbidsBody } = message;
  if (forbidsBody) return withoutFraming(changes, message.pseudo(":status") !== "204");
  const framed = withoutFraming(changes);
  const isAwaited = pseudoSet && (headers.received.get("content-length") ?? "0") !== "0";
  return isAwaited ? { removed: [...(framed?.removed ?? []), "content-length"], set: framed?.set ?? [] } : framed;
}

function setsName(changes: HeaderChanges | null, name: string): boolean {
  return changes !== null && changes.set.some((line) => line.name === name);
}

function frames(name: string): boolean {
  return name === "content-length" || isTransferEncoding(name);
}

function isTransferEncoding(name: string): boolean {
  return name === "transfer-encoding";
}
