/** Fields and bodies as lines for a person. */
import type { HeaderFields } from "./envoy/model.ts";

export const INDENT = "      ";
const TEXT_BYTES = 600;

export function renderFields(fields: HeaderFields): string {
  return fields.map(([name, value]) => `${INDENT}${name}: ${value}\n`).join("");
}

export function renderBytes(bytes: Uint8Array): string {
  return bodyLines(bytes)
    .map((line) => `${INDENT}${line}\n`)
    .join("");
}

/** What the processor sends is not for the terminal to obey: control characters are shown by their number. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

export function countBytes({ length }: Uint8Array): string {
  return length === 1 ? "1 byte" : `${length} bytes`;
}

/** Text as it is, the beginning of what is long; other bytes by their number. */
export function bodyLines(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  const text = asText(bytes.subarray(0, TEXT_BYTES));
  if (text === null) return [`(${countBytes(bytes)}, no text)`];
  const more = bytes.length > TEXT_BYTES ? [`(… ${bytes.length - TEXT_BYTES} bytes more)`] : [];
  return [...text.replace(/\r?\n$/, "").split(/\r?\n/), ...more];
}

/** Null when the bytes are no text; the last character may be cut. */
function asText(bytes: Uint8Array): string | null {
  const text = new TextDecoder().decode(bytes, { stream: true });
  return /[\ufffd\0]/u.test(text) ? null : text;
}
