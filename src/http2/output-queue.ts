/**
 * Frames on their way to the socket. Everything of a read pass is gathered in one buffer and written at once; what the
 * socket does not take stays and goes first when it drains.
 */
import { copyBytes, putUint32 } from "./bytes.ts";
import type { ErrorCode } from "./contract.ts";
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, writeFrameHeader } from "./frame-header.ts";

/** What a queue asks of its socket: `write` returns how many bytes it took, negative when it is closed. */
export interface ByteSink {
  write(bytes: Uint8Array, from: number, length: number): number;
}

const FIRST_BYTES = 1024;
const NO_STREAM = -1;
/** A buffer that grew beyond this in a burst is given back once it is empty. */
const KEPT_BYTES = 512 * 1024;

export class OutputQueue {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #start = 0;
  #end = 0;
  #blocked = false;
  /** Where the last frame begins. */
  #lastFrame = 0;
  #markedId = NO_STREAM;
  #markedEnd = 0;

  /** Bytes gathered and not taken by the socket. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** The socket took less than it was given; it will say when it drains. */
  get blocked(): boolean {
    return this.#blocked;
  }

  writeData(streamId: number, bytes: Uint8Array, from: number, to: number, endStream: boolean): void {
    const at = this.#frame(to - from, FrameType.DATA, endStream ? FrameFlag.END_STREAM : FrameFlag.NONE, streamId);
    copyBytes(bytes, from, to, this.#bytes, at);
  }

  /** One header block: HEADERS, and CONTINUATION where it is longer than the peer's largest frame. */
  writeHeaders(streamId: number, block: Uint8Array, maxFrameBytes: number, endStream: boolean): void {
    const end = endStream ? FrameFlag.END_STREAM : FrameFlag.NONE;
    if (block.length <= maxFrameBytes) {
      const at = this.#frame(block.length, FrameType.HEADERS, end | FrameFlag.END_HEADERS, streamId);
      copyBytes(block, 0, block.length, this.#bytes, at);
      return;
    }
    let from = 0;
    while (from < block.length) {
      const to = Math.min(block.length, from + maxFrameBytes);
      const type = from === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      const flags =
        (from === 0 ? end : FrameFlag.NONE) | (to === block.length ? FrameFlag.END_HEADERS : FrameFlag.NONE);
      const at = this.#frame(to - from, type, flags, streamId);
      copyBytes(block, from, to, this.#bytes, at);
      from = to;
    }
  }

  writeReset(streamId: number, code: ErrorCode): void {
    const at = this.#frame(4, FrameType.RST_STREAM, FrameFlag.NONE, streamId);
    putUint32(this.#bytes, at, code);
  }

  /**
   * The frame written last may be taken back, with `takeBack`, until something follows it: for a peer that turns out not
   * to wait for it.
   */
  markLast(streamId: number): void {
    this.#markedId = streamId;
    this.#markedEnd = this.#end;
  }

  /** Takes the marked frame of this stream back if it still is the last and all here. */
  takeBack(streamId: number): void {
    if (this.#markedId !== streamId || this.#markedEnd !== this.#end) return;
    this.#markedId = NO_STREAM;
    if (this.#lastFrame >= this.#start) this.#end = this.#lastFrame;
  }

  /** `streamId` 0 means the connection. */
  writeWindowUpdate(streamId: number, increment: number): void {
    const at = this.#frame(4, FrameType.WINDOW_UPDATE, FrameFlag.NONE, streamId);
    putUint32(this.#bytes, at, increment);
  }

  writeSettings(payload: Uint8Array): void {
    const at = this.#frame(payload.length, FrameType.SETTINGS, FrameFlag.NONE, 0);
    copyBytes(payload, 0, payload.length, this.#bytes, at);
  }

  writeSettingsAck(): void {
    this.#frame(0, FrameType.SETTINGS, FrameFlag.ACK, 0);
  }

  /** `payload[from, from + 8)` is sent, or given back as the acknowledgement. */
  writePing(payload: Uint8Array, from: number, acknowledges: boolean): void {
    const at = this.#frame(8, FrameType.PING, acknowledges ? FrameFlag.ACK : FrameFlag.NONE, 0);
    copyBytes(payload, from, from + 8, this.#bytes, at);
  }

  /** `reason` is for people who read a capture. */
  writeGoaway(lastStreamId: number, code: ErrorCode, reason: string): void {
    const at = this.#frame(8 + reason.length, FrameType.GOAWAY, FrameFlag.NONE, 0);
    putUint32(this.#bytes, at, lastStreamId);
    putUint32(this.#bytes, at + 4, code);
    this.#bytes.write(reason, at + 8, "latin1");
  }

  /** Hands everything to the socket. Returns how much it took; negative when it is closed, and nothing is kept then. */
  flush(sink: ByteSink): number {
    const pending = this.#end - this.#start;
    if (pending === 0) return 0;
    const taken = sink.write(this.#bytes, this.#start, pending);
    if (taken < 0 || taken === pending) {
      this.#clear();
      return taken;
    }
    this.#start += taken;
    this.#blocked = true;
    return taken;
  }

  #clear(): void {
    this.#start = 0;
    this.#end = 0;
    this.#blocked = false;
    this.#markedId = NO_STREAM;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** Makes room for a frame and writes its header; returns where its payload goes. */
  #frame(length: number, type: number, flags: number, streamId: number): number {
    const frameBytes = FRAME_HEADER_BYTES + length;
    if (this.#end + frameBytes > this.#bytes.length) this.#makeRoom(frameBytes);
    const at = this.#end;
    this.#lastFrame = at;
    writeFrameHeader(this.#bytes, at, length, type, flags, streamId);
    this.#end = at + frameBytes;
    return at + FRAME_HEADER_BYTES;
  }

  #makeRoom(more: number): void {
    const pending = this.#end - this.#start;
    if ((pending + more) * 2 <= this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    } else {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, (pending + more) * 2));
      this.#bytes.copy(larger, 0, this.#start, this.#end);
      this.#bytes = larger;
    }
    this.#start = 0;
    this.#end = pending;
  }
}
