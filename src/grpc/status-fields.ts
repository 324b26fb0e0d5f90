/** How the end of a call stands in trailers: `grpc-status`, `grpc-message` and trailing metadata. */
import type { FieldLines } from "../http2/contract.ts";
import { StatusCode, type GrpcStatus } from "./contract.ts";
import { encodeMetadata } from "./metadata.ts";

/** Fields that open every response; constant, so that their encoding is remembered. */
export const RESPONSE_FIELDS: FieldLines = [":status", "200", "content-type", "application/grpc"];
const OK_TRAILERS: FieldLines = ["grpc-status", "0"];
const OK_TRAILERS_ONLY: FieldLines = [...RESPONSE_FIELDS, ...OK_TRAILERS];

/** Longer messages are cut, so that a header section stays within what peers accept. */
const MAX_MESSAGE_CHARACTERS = 2048;

/** The trailers of a call that has sent its headers. Throws as `encodeMetadata` does. */
export function statusTrailers(status: GrpcStatus): FieldLines {
  return isPlainOk(status) ? OK_TRAILERS : statusFields(status);
}

/** The header section of a call that ends without a message ("Trailers-Only"). */
export function trailersOnly(status: GrpcStatus): FieldLines {
  return isPlainOk(status) ? OK_TRAILERS_ONLY : [...RESPONSE_FIELDS, ...statusFields(status)];
}

/** Percent-encodes the UTF-8 of a message: everything but printable ASCII, and the percent sign. */
export function encodeStatusMessage(text: string): string {
  const message = text.length <= MAX_MESSAGE_CHARACTERS ? text : `${text.slice(0, MAX_MESSAGE_CHARACTERS)}…`;
  if (/^[ -$&-~]*$/.test(message)) return message;
  let encoded = "";
  for (const byte of Buffer.from(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

function isPlainOk(status: GrpcStatus): boolean {
  return status.code === StatusCode.OK && !status.message && status.metadata === undefined;
}

function statusFields({ code, message, metadata }: GrpcStatus): string[] {
  const fields = ["grpc-status", String(code)];
  if (message) fields.push("grpc-message", encodeStatusMessage(message));
  if (metadata !== undefined) fields.push(...encodeMetadata(metadata));
  return fields;
}
