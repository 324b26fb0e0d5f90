/** What a body mutation makes of bytes. `streamed` has no effect where it is no error. */
import type { BodyMutation } from "./model.ts";

export function mutatedBody(mutation: BodyMutation, original: Uint8Array): Uint8Array {
  if (mutation.kind === "body") return mutation.bytes;
  return mutation.kind === "clearBody" && mutation.clear ? original.subarray(0, 0) : original;
}
