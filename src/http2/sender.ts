/** What leaves: header blocks, and body data as far as windows, frames and the socket allow (RFC 9113 sections 5.2, 6.9). */
import { type AbuseBudgets, Budget } from "./abuse-budget.ts";
import { ErrorCode, type FieldLines } from "./contract.ts";
import { openSendWindow } from "./flow-control.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { OutputQueue } from "./output-queue.ts";
import { applySettings, DEFAULT_HEADER_TABLE_BYTES, DEFAULT_WINDOW_BYTES, initialPeerSettings } from "./settings.ts";
import type { ServerStream } from "./stream.ts";

/** Output from which on body data waits in its stream: while the socket takes it, and while it does not. */
const FLUSH_BYTES = 256 * 1024;
const BLOCKED_BYTES = 64 * 1024;
/** Larger frames gain nothing and would be gathered whole, however large the peer allows them. */
const LARGEST_DATA_FRAME_BYTES = 64 * 1024;

export class Sender {
  readonly #output: OutputQueue;
  readonly #budgets: AbuseBudgets;
  /** Hands the output to the socket now. */
  readonly #flushNow: () => void;
  readonly #encoder = new HpackEncoder(DEFAULT_HEADER_TABLE_BYTES);
  readonly #peer = initialPeerSettings();
  /** Streams with queued data. */
  readonly #held = new Set<ServerStream>();
  #window = DEFAULT_WINDOW_BYTES;

  constructor(output: OutputQueue, budgets: AbuseBudgets, flushNow: () => void) {
    this.#output = output;
    this.#budgets = budgets;
    this.#flushNow = flushNow;
  }

  /** The window a new stream starts with. */
  get initialWindowBytes(): number {
    return this.#peer.initialWindowBytes;
  }

  get held(): Iterable<ServerStream> {
    return this.#held;
  }

  /** Bytes that streams hold queued. */
  get heldBytes(): number {
    let bytes = 0;
    for (const stream of this.#held) bytes += stream.queuedBytes;
    return bytes;
  }

  hold(stream: ServerStream): void {
    this.#held.add(stream);
  }

  release(stream: ServerStream): void {
    this.#held.delete(stream);
  }

  sendFields(streamId: number, fields: FieldLines, endStream: boolean): void {
    const block = this.#encoder.encode(fields);
    this.#output.writeHeaders(streamId, block, this.#peer.maxFrameBytes, endStream);
    if (endStream && this.#encoder.isLastStateless && block.length <= this.#peer.maxFrameBytes) {
      this.#output.markLast(streamId);
    }
  }

  /** One frame of `bytes[from, …)` at most; where it stopped. See `StreamHost.sendBodyFrame`. */
  sendBodyFrame(stream: ServerStream, bytes: Uint8Array, from: number, endStream: boolean): number {
    const output = this.#output;
    if (output.pendingBytes >= BLOCKED_BYTES) {
      if (!output.blocked && output.pendingBytes >= FLUSH_BYTES) this.#flushNow();
      if (output.blocked) return from;
    }
    const allowed = Math.min(this.#window, stream.sendWindow, this.#peer.maxFrameBytes, LARGEST_DATA_FRAME_BYTES);
    let to = bytes.length;
    if (to - from > allowed) {
      if (allowed <= 0) return from;
      to = from + allowed;
    }
    this.#window -= to - from;
    stream.sendWindow -= to - from;
    output.writeData(stream.id, bytes, from, to, endStream && to === bytes.length);
    // A peer opens windows and measures its bandwidth in proportion to what it is sent.
    this.#budgets.refund(Budget.WINDOW_UPDATE, 2);
    this.#budgets.refund(Budget.PING, 1);
    return to;
  }

  /** Lets held streams send what windows and socket now allow, one frame each in turn. */
  pump(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const stream of this.#held) {
        if (stream.pump()) moved = true;
      }
    }
  }

  /** The peer's WINDOW_UPDATE for the connection. False when it overflows. */
  openWindow(increment: number): boolean {
    this.#window = openSendWindow(this.#window, increment);
    return this.#window >= 0;
  }

  /**
   * The peer's SETTINGS. A changed SETTINGS_INITIAL_WINDOW_SIZE moves the windows of open streams too (RFC 9113 section
   * 6.9.2). Returns the connection error of illegal ones.
   */
  applySettings(payload: Uint8Array, start: number, end: number, openStreams: Iterable<ServerStream>): ErrorCode {
    const { initialWindowBytes, headerTableBytes } = this.#peer;
    const error = applySettings(payload, start, end, this.#peer);
    if (error !== ErrorCode.NO_ERROR) return error;
    if (this.#peer.headerTableBytes !== headerTableBytes) this.#encoder.setPeerTableBytes(this.#peer.headerTableBytes);
    const delta = this.#peer.initialWindowBytes - initialWindowBytes;
    if (delta === 0) return ErrorCode.NO_ERROR;
    for (const stream of openStreams) {
      stream.sendWindow = openSendWindow(stream.sendWindow, delta);
      if (stream.sendWindow === Number.NEGATIVE_INFINITY) return ErrorCode.FLOW_CONTROL_ERROR;
    }
    return ErrorCode.NO_ERROR;
  }
}
