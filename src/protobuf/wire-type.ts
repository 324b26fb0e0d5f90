/** Tags of the protobuf wire format. https://protobuf.dev/programming-guides/encoding/ */

/** How the value behind a tag is delimited. */
export const WireType = {
  VARINT: 0,
  FIXED64: 1,
  DELIMITED: 2,
  START_GROUP: 3,
  END_GROUP: 4,
  FIXED32: 5,
} as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** The tag of a field as it stands on the wire, before varint coding. */
export function fieldTag(fieldNumber: number, wireType: WireType): number {
  return ((fieldNumber << 3) | wireType) >>> 0;
}
