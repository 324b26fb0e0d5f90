/** Field blocks of a constant gRPC request: literals that enter the dynamic table first, then indexes only (RFC 7541). */

export interface RequestBlocks {
  /** Of the first request on a connection. */
  readonly first: Uint8Array;
  /** Of every later one. */
  readonly later: Uint8Array;
}

const staticTableLength = 61;
/** Fields of the static table that match whole, and names that match alone (RFC 7541 appendix A). */
const staticFields = new Map([
  [":method POST", 3],
  [":scheme http", 6],
]);
const staticNames = new Map([
  [":authority", 1],
  [":path", 4],
  ["content-type", 31],
  ["user-agent", 58],
]);

/** The fields Envoy's gRPC client sends with an ext_proc call, in its order. */
export const envoyRequestFields: readonly (readonly [name: string, value: string])[] = [
  [":method", "POST"],
  [":path", "/envoy.service.ext_proc.v3.ExternalProcessor/Process"],
  [":authority", "ext_proc"],
  [":scheme", "http"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
  ["x-envoy-internal", "true"],
  ["x-forwarded-for", "127.0.0.1"],
];

export function encodeRequestBlocks(fields: readonly (readonly [name: string, value: string])[]): RequestBlocks {
  const first: number[] = [];
  const later: number[] = [];
  const literals = fields.filter(([name, value]) => !staticFields.has(`${name} ${value}`)).length;
  let inserted = 0;
  for (const [name, value] of fields) {
    const index = staticFields.get(`${name} ${value}`);
    if (index !== undefined) {
      first.push(0x80 | index);
      later.push(0x80 | index);
      continue;
    }
    const nameIndex = staticNames.get(name);
    if (nameIndex === undefined) first.push(0x40, ...encodeText(name));
    else first.push(0x40 | nameIndex);
    first.push(...encodeText(value));
    // The newest entry has the lowest index, so the first one inserted ends up behind all others.
    later.push(0x80 | (staticTableLength + literals - inserted));
    inserted++;
  }
  return { first: Uint8Array.from(first), later: Uint8Array.from(later) };
}

/** A string literal without Huffman coding, shorter than 127 bytes (RFC 7541 section 5.2). */
function encodeText(text: string): number[] {
  if (text.length >= 127) throw new RangeError(`a header text of ${text.length} bytes needs a longer length prefix`);
  return [text.length, ...Buffer.from(text, "latin1")];
}
