/**
 * What client or upstream sends in one direction: whether it passes, waits, or goes to the processor, by body mode.
 * Source: `decodeHeaders`, `decodeData`, `decodeTrailers` of `ext_proc/ext_proc.cc`.
 */
import type { Chunk } from "./chunks.ts";
import { dropContentLength } from "./header-rules.ts";
import type { HeaderFields } from "./model.ts";
import type { EnvoySide } from "./side.ts";

export function headersArrived(side: EnvoySide, fields: HeaderFields, endOfStream: boolean): void {
  const { message, owner } = side;
  if (message.abandoned) return;
  side.begun = true;
  message.fields = fields;
  message.bodiless = endOfStream;
  message.bodyComplete = endOfStream;
  if (owner.processingComplete || !side.sendsHeaders) {
    if (!owner.processingComplete) dropContentLength(side);
    message.forwardHeaders(endOfStream);
    return;
  }
  message.mutable = true;
  message.paused = true;
  side.sendHeaders(endOfStream);
  dropContentLength(side);
}

export function bodyArrived(side: EnvoySide, bytes: Uint8Array, endOfStream: boolean): void {
  const { message, owner } = side;
  if (message.abandoned) return;
  side.bodyReceived = true;
  if (endOfStream) message.bodyComplete = true;
  if (message.bodyReplaced) {
    if (endOfStream) message.forwardBody(bytes.subarray(0, 0), true);
    return;
  }
  if (owner.processingComplete) return message.passBody(bytes, endOfStream);
  if (side.callback === "headers" && !side.sendsAhead) {
    message.buffer(bytes);
    if (side.bodyMode === "BUFFERED" && side.isBufferOverLimit) owner.bodyTooLarge(side.side);
    return;
  }
  switch (side.bodyMode) {
    case "NONE":
      return message.passBody(bytes, endOfStream);
    case "BUFFERED":
      message.buffer(bytes);
      message.paused = true;
      if (endOfStream) side.sendBuffered(true);
      else if (side.isBufferOverLimit) owner.bodyTooLarge(side.side);
      return;
    case "BUFFERED_PARTIAL":
      return partialBodyArrived(side, { bytes, endOfStream });
    case "STREAMED":
      side.queue.push({ bytes, endOfStream });
      if (endOfStream) message.paused = true;
      return side.sendChunk(bytes, endOfStream);
    case "FULL_DUPLEX_STREAMED":
      if (endOfStream) message.paused = true;
      return side.sendChunk(bytes, endOfStream);
  }
}

export function trailersArrived(side: EnvoySide, fields: HeaderFields): void {
  const { message, owner } = side;
  if (message.abandoned) return;
  const bodyWasComplete = message.bodyComplete;
  message.bodyComplete = true;
  message.trailers = fields;
  message.paused = true;
  if (owner.processingComplete) return message.continue();
  if (side.callback !== "idle" && side.bodyMode !== "FULL_DUPLEX_STREAMED") return; // held until it is answered
  if (!bodyWasComplete && side.bodyMode === "BUFFERED" && message.buffered !== null) return side.sendBuffered(false);
  if (!bodyWasComplete && side.bodyMode === "BUFFERED_PARTIAL" && side.queue.length > 0) return side.sendPartial(false);
  if (side.sendsTrailers) side.sendTrailers();
  else message.continue();
}

/** Collected up to the buffer limit and sent once; what comes behind the answer passes. */
function partialBodyArrived(side: EnvoySide, chunk: Chunk): void {
  const { message } = side;
  if (side.partialAnswered) {
    message.mutable = false;
    return message.passBody(chunk.bytes, chunk.endOfStream);
  }
  side.queue.push(chunk);
  message.paused = true;
  if (side.callback === "partialBody") return;
  if (chunk.endOfStream || side.isQueueOverLimit) side.sendPartial(chunk.endOfStream);
}
