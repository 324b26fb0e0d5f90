/** A function written in the configuration itself: `spec.build.functionSourceCode`, as text or in base64. */
import { isArchive } from "../archive/read-archive.ts";

export type SourceCode =
  /** `decoded`: its lines are not the configuration's. */
  | { readonly kind: "text"; readonly text: string; readonly decoded: boolean }
  /** A zip or tar.gz, which only base64 can carry. */
  | { readonly kind: "archive"; readonly bytes: Uint8Array };

/**
 * Base64 is what holds its characters alone, with line breaks where they may be, and decodes to text or to an archive.
 * No function is: it would have to do without a parenthesis.
 */
export function readSourceCode(written: string): SourceCode {
  const packed = written.replaceAll(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || packed.length % 4 !== 0) return asWritten(written);
  const bytes = Buffer.from(packed, "base64");
  if (isArchive(bytes)) return { kind: "archive", bytes: new Uint8Array(bytes) };
  const text = decodeText(bytes);
  return text === null ? asWritten(written) : { kind: "text", text, decoded: true };
}

function asWritten(text: string): SourceCode {
  return { kind: "text", text, decoded: false };
}

/** Null when the bytes are no text. */
function decodeText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    // Not UTF-8: then these characters were not meant as base64.
    return null;
  }
}
