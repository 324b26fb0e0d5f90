/** Applies content codings to a whole body (RFC 9110 8.4). */
import { encodeWhole } from "./coders.ts";
import { knownCodings } from "./content-encoding.ts";
import type { EncodeBody } from "./contract.ts";

export const encodeBody: EncodeBody = async (body, codings) => {
  let bytes = body;
  for (const coding of knownCodings(codings)) {
    if (bytes.length === 0) break;
    bytes = await encodeWhole(bytes, coding);
  }
  return bytes;
};
