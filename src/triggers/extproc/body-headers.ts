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

/** Takes out the length of a body that does not come: the proxy then frames the message as the empty one it is. */
export function withoutLength(changes: HeaderChanges | null): HeaderChanges {
  return { removed: [...(changes?.removed ?? []), "content-length"], set: changes?.set ?? [] };
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
