/** An error that becomes the status of its call. */
import type { GrpcStatus } from "./contract.ts";
import type { MetadataEntries } from "./metadata.ts";

/** Thrown by the handler of a method: its code, message and metadata go to the client as they are. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;
  readonly metadata: MetadataEntries | undefined;

  constructor(code: number, message: string, metadata?: MetadataEntries) {
    super(message);
    this.code = code;
    this.metadata = metadata;
  }

  /** The status it stands for. */
  get status(): GrpcStatus {
    const { code, message, metadata } = this;
    return metadata === undefined ? { code, message } : { code, message, metadata };
  }
}
