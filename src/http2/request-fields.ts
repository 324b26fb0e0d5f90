/**
 * Which field sections are well-formed (RFC 9113 sections 8.2 and 8.3). Each field is classified once, when its text is
 * decoded; the kinds of a section are then joined into its shape, a few bits, so that repeated fields cost one operation.
 */
import type { FieldLines } from "./contract.ts";

export const FieldKind = {
  METHOD: 0x1,
  SCHEME: 0x2,
  AUTHORITY: 0x4,
  PATH: 0x8,
  REGULAR: 0x10,
  CONTENT_LENGTH: 0x30,
  MALFORMED: 0x40,
} as const;

const PSEUDO = FieldKind.METHOD | FieldKind.SCHEME | FieldKind.AUTHORITY | FieldKind.PATH;
const HAS_CONTENT_LENGTH = FieldKind.CONTENT_LENGTH & ~FieldKind.REGULAR;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/** The kind of one field line; names and values as decoded, before anything else looked at them. */
export function classifyField(name: string, value: string): number {
  if (!isLegalValue(value)) return FieldKind.MALFORMED;
  if (name.charCodeAt(0) === COLON) return classifyPseudoField(name, value);
  if (!isLegalName(name)) return FieldKind.MALFORMED;
  switch (name) {
    case "content-length":
      return /^\d{1,15}$/.test(value) ? FieldKind.CONTENT_LENGTH : FieldKind.MALFORMED;
    case "te":
      return value === "trailers" ? FieldKind.REGULAR : FieldKind.MALFORMED;
    case "connection":
    case "keep-alive":
    case "proxy-connection":
    case "transfer-encoding":
    case "upgrade":
      return FieldKind.MALFORMED;
    default:
      return FieldKind.REGULAR;
  }
}

/** The shape of a section after one more field; an empty section has shape 0. */
export function joinField(shape: number, kind: number): number {
  // A pseudo field must come once, and before all regular ones.
  if ((kind & PSEUDO) !== 0 && (shape & (kind | FieldKind.REGULAR)) !== 0) return shape | FieldKind.MALFORMED;
  return shape | kind;
}

/** Whether a request may begin with this section. CONNECT has no scheme and no path (RFC 9113 section 8.5). */
export function isRequest(shape: number, fields: FieldLines): boolean {
  if ((shape & FieldKind.MALFORMED) !== 0 || (shape & FieldKind.METHOD) === 0) return false;
  const target = shape & (FieldKind.SCHEME | FieldKind.PATH);
  if (target === (FieldKind.SCHEME | FieldKind.PATH)) return true;
  return target === 0 && (shape & FieldKind.AUTHORITY) !== 0 && valueOf(fields, ":method") === "CONNECT";
}

/** Whether a request may end with this section: no pseudo fields in trailers. */
export function isTrailers(shape: number): boolean {
  return (shape & (FieldKind.MALFORMED | PSEUDO)) === 0;
}

/** The announced length of the body; -1 when there is none, NaN when several disagree. */
export function contentLength(shape: number, fields: FieldLines): number {
  if ((shape & HAS_CONTENT_LENGTH) === 0) return -1;
  let length = -1;
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] !== "content-length") continue;
    const value = Number(fields[index + 1]);
    if (length !== -1 && value !== length) return Number.NaN;
    length = value;
  }
  return length;
}

function classifyPseudoField(name: string, value: string): number {
  switch (name) {
    case ":method":
      return value === "" ? FieldKind.MALFORMED : FieldKind.METHOD;
    case ":scheme":
      return FieldKind.SCHEME;
    case ":authority":
      return FieldKind.AUTHORITY;
    case ":path":
      return value === "" ? FieldKind.MALFORMED : FieldKind.PATH;
    default:
      return FieldKind.MALFORMED;
  }
}

function isLegalName(name: string): boolean {
  if (name === "") return false;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code <= SPACE || code >= 0x7f || code === COLON || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}

function isLegalValue(value: string): boolean {
  if (value === "") return true;
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))) return false;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code === 0x00 || code === 0x0a || code === 0x0d) return false;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function valueOf(fields: FieldLines, name: string): string | undefined {
  const index = fields.indexOf(name);
  return index < 0 ? undefined : fields[index + 1];
}
