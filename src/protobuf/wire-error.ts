/** What can be wrong with bytes that should be a protobuf message. */
export type WireErrorCode =
  /** A value ends behind the end of its message. */
  | "TRUNCATED"
  /** A varint of more than ten bytes. */
  | "VARINT_TOO_LONG"
  /** Field number 0 or above 2^29 - 1, or a wire type that does not exist. */
  | "BAD_TAG"
  /** A group that is not ended, ended by another number, or an end without a start. */
  | "BAD_GROUP"
  /** Messages or groups nested deeper than `MAX_DEPTH`. */
  | "TOO_DEEP";

/** Bytes that are no protobuf message. `offset` is where in the array given to the reader it showed. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: WireErrorCode;
  readonly offset: number;
  constructor(code: WireErrorCode, offset: number) {
    super(`not a protobuf message: ${code} at byte ${offset}`);
    this.code = code;
    this.offset = offset;
  }
}
