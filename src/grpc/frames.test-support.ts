/** What is sent in parts, as the peer receives it. */
import type { Frames } from "./contract.ts";

export function joinFrames(frames: Frames): Uint8Array {
  return frames instanceof Uint8Array ? frames : Buffer.concat([frames.head, frames.body].flat());
}
