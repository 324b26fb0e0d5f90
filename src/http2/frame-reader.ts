/** Cuts the chunks of a connection into frames, whatever way the chunks split them. */
import { byteAt, uint24At, uint31At } from "./bytes.ts";
import { FRAME_HEADER_BYTES, FrameFlag, FrameType } from "./frame-header.ts";

export interface FrameSink {
  /**
   * One whole frame; its payload is `bytes[start, end)` and may be kept. A DATA frame cut by the end of a chunk comes as
   * several, as the peer might have sent it: the flags come with the last. Returns false to stop the reading for good.
   */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean;
  /** A header announced more than SETTINGS_MAX_FRAME_SIZE; nothing is read after it. */
  onFrameTooLong(type: number, length: number): void;
}

export class FrameReader {
  readonly #maxFrameBytes: number;
  /** The frame cut by the end of the last chunk: header and payload; only the header's room until the length is known. */
  #partial: Buffer = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES);
  #filled = 0;
  /** A DATA frame of which this many bytes are still to come; 0 = none. */
  #dataMissing = 0;
  #dataFlags = 0;
  #dataStreamId = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** True while a frame has begun that carries, or may carry, a part of a header block. */
  get insideHeaderFrame(): boolean {
    if (this.#filled === 0) return false;
    if (this.#filled < FRAME_HEADER_BYTES) return true;
    const type = byteAt(this.#partial, 3);
    return type === FrameType.HEADERS || type === FrameType.CONTINUATION;
  }

  read(chunk: Buffer, sink: FrameSink): void {
    const chunkEnd = chunk.length;
    let at = 0;
    if (this.#filled > 0) {
      at = this.#complete(chunk, sink);
      if (at < 0) return;
    }
    if (this.#dataMissing > 0) {
      at = this.#goOnWithData(chunk, at, sink);
      if (at < 0) return;
    }
    while (chunkEnd - at >= FRAME_HEADER_BYTES) {
      const length = uint24At(chunk, at);
      if (length > this.#maxFrameBytes) {
        sink.onFrameTooLong(byteAt(chunk, at + 3), length);
        return;
      }
      const start = at + FRAME_HEADER_BYTES;
      const end = start + length;
      if (end > chunkEnd) break;
      if (!sink.onFrame(byteAt(chunk, at + 3), byteAt(chunk, at + 4), uint31At(chunk, at + 5), chunk, start, end))
        return;
      at = end;
    }
    if (at < chunkEnd) this.#keep(chunk, at, sink);
  }

  /** Starts a partial frame with what is left of a chunk. */
  #keep(chunk: Buffer, at: number, sink: FrameSink): void {
    const rest = chunk.length - at;
    if (rest >= FRAME_HEADER_BYTES && this.#beginData(chunk, at)) {
      this.#goOnWithData(chunk, at + FRAME_HEADER_BYTES, sink);
      return;
    }
    const bytes = rest < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + uint24At(chunk, at);
    this.#partial = Buffer.allocUnsafeSlow(bytes);
    chunk.copy(this.#partial, 0, at);
    this.#filled = rest;
  }

  /** Fills the partial frame from the chunk; returns where the next frame starts, or -1 when nothing is left to read. */
  #complete(chunk: Buffer, sink: FrameSink): number {
    let at = 0;
    if (this.#filled < FRAME_HEADER_BYTES) {
      at = this.#fill(chunk, at, FRAME_HEADER_BYTES);
      if (this.#filled < FRAME_HEADER_BYTES) return -1;
      const length = uint24At(this.#partial, 0);
      if (length > this.#maxFrameBytes) {
        sink.onFrameTooLong(byteAt(this.#partial, 3), length);
        return -1;
      }
      const header = this.#partial;
      if (this.#beginData(header, 0)) {
        this.#filled = 0;
        return at;
      }
      this.#partial = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + length);
      header.copy(this.#partial);
    }
    const frame = this.#partial;
    at = this.#fill(chunk, at, frame.length);
    if (this.#filled < frame.length) return -1;
    this.#filled = 0;
    const goOn = sink.onFrame(
      byteAt(frame, 3),
      byteAt(frame, 4),
      uint31At(frame, 5),
      frame,
      FRAME_HEADER_BYTES,
      frame.length,
    );
    return goOn ? at : -1;
  }

  /** True when the header is that of a DATA frame which can be handed on as it comes: padding is told from its end. */
  #beginData(bytes: Buffer, at: number): boolean {
    const flags = byteAt(bytes, at + 4);
    const length = uint24At(bytes, at);
    if (byteAt(bytes, at + 3) !== FrameType.DATA || (flags & FrameFlag.PADDED) !== 0 || length === 0) return false;
    this.#dataMissing = length;
    this.#dataFlags = flags;
    this.#dataStreamId = uint31At(bytes, at + 5);
    return true;
  }

  /** Hands on what the chunk has of the DATA frame; returns where the next frame starts, or -1 when nothing is left to read. */
  #goOnWithData(chunk: Buffer, at: number, sink: FrameSink): number {
    const end = Math.min(chunk.length, at + this.#dataMissing);
    if (end === at) return -1;
    this.#dataMissing -= end - at;
    const flags = this.#dataMissing === 0 ? this.#dataFlags : FrameFlag.NONE;
    return sink.onFrame(FrameType.DATA, flags, this.#dataStreamId, chunk, at, end) ? end : -1;
  }

  #fill(chunk: Buffer, at: number, upTo: number): number {
    const copied = chunk.copy(this.#partial, this.#filled, at, at + upTo - this.#filled);
    this.#filled += copied;
    return at + copied;
  }
}
