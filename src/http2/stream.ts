/** The life of one stream (RFC 9113 section 5.1), seen from the server: it begins open or half-closed (remote). */
import type { ErrorCode, FieldLines, Http2Stream, Http2StreamHandler } from "./contract.ts";
import { ownBytes } from "./bytes.ts";
import { ReceiveWindow } from "./flow-control.ts";
import { SendQueue } from "./send-queue.ts";

/** What a stream asks of its connection. */
export interface StreamHost {
  /** Writes a section; ends our side with it when `endStream`. */
  sendFields(stream: ServerStream, fields: FieldLines, endStream: boolean): void;
  /**
   * Frames what the windows and the socket allow of `bytes[from, …)`, at most one frame, with END_STREAM when it holds the
   * last byte and `endStream` is set. Returns where it stopped: `from` when nothing was allowed.
   */
  sendBodyFrame(stream: ServerStream, bytes: Uint8Array, from: number, endStream: boolean): number;
  /** The stream has queued data and wants to be pumped when something opens. */
  streamHeld(stream: ServerStream): void;
  /** Nothing is queued any more. */
  streamReleased(stream: ServerStream): void;
  streamConsumed(stream: ServerStream, bytes: number): void;
  /** The upper layer resets the stream. */
  resetStream(stream: ServerStream, code: ErrorCode): void;
  handlerFailed(stream: ServerStream, error: unknown): void;
}

const UNATTENDED: Http2StreamHandler = {
  onData: () => true,
  onEnd() {},
  onReset() {},
  onWritable() {},
};

export class ServerStream implements Http2Stream {
  readonly id: number;
  readonly receiveWindow: ReceiveWindow;
  /** May be negative after the peer lowered SETTINGS_INITIAL_WINDOW_SIZE. */
  sendWindow: number;
  handler: Http2StreamHandler = UNATTENDED;
  remoteEnded = false;
  closed = false;
  /** The peer sent some body. */
  hasBody = false;
  /** Body bytes still to come by content-length; -1 when it was not given. */
  expectedBytes = -1;
  /** When its queue last moved, on the server's clock. */
  movedAtMs = 0;

  readonly #host: StreamHost;
  #endRequested = false;
  #queue: SendQueue | null = null;
  #trailers: FieldLines | null = null;

  constructor(host: StreamHost, id: number, sendWindow: number, receiveWindowBytes: number) {
    this.#host = host;
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = new ReceiveWindow(receiveWindowBytes);
  }

  get queuedBytes(): number {
    return this.#queue === null ? 0 : this.#queue.bytes;
  }

  sendHeaders(fields: FieldLines, endStream: boolean): void {
    if (this.closed || this.#endRequested) return;
    this.#endRequested = endStream;
    this.#host.sendFields(this, fields, endStream);
  }

  sendData(bytes: Uint8Array, endStream: boolean): void {
    if (this.closed || this.#endRequested) return;
    if (bytes.length === 0 && !endStream) return;
    this.#endRequested = endStream;
    if (this.#queue !== null) {
      if (bytes.length > 0) this.#queue.push(this.#waiting(bytes), 0);
      return;
    }
    let sent = 0;
    do {
      const next = this.#host.sendBodyFrame(this, bytes, sent, endStream);
      if (next === sent) break;
      sent = next;
    } while (sent < bytes.length);
    if (sent === bytes.length) return;
    this.#queue = new SendQueue();
    this.#queue.push(this.#waiting(bytes), sent);
    this.#host.streamHeld(this);
  }

  sendTrailers(fields: FieldLines): void {
    if (this.closed || this.#endRequested) return;
    this.#endRequested = true;
    if (this.#queue === null) this.#host.sendFields(this, fields, true);
    else this.#trailers = fields;
  }

  reset(code: ErrorCode): void {
    if (!this.closed) this.#host.resetStream(this, code);
  }

  consume(bytes: number): void {
    if (!this.closed) this.#host.streamConsumed(this, bytes);
  }

  /** Sends at most one frame of what is queued. Returns whether anything moved. */
  pump(): boolean {
    const queue = this.#queue;
    if (queue === null) return false;
    const piece = queue.first;
    const from = queue.offset;
    const isLastPiece = piece.length - from === queue.bytes;
    const sent = this.#host.sendBodyFrame(
      this,
      piece,
      from,
      isLastPiece && this.#endRequested && this.#trailers === null,
    );
    if (sent === from) return false;
    queue.advance(sent - from);
    if (queue.bytes === 0) this.#drained();
    return true;
  }

  /** Forgets what is queued: nobody will take it. */
  dropQueue(): void {
    if (this.#queue === null) return;
    this.#queue = null;
    this.#trailers = null;
    this.#host.streamReleased(this);
  }

  /** True when nothing looks at the bytes after the call. */
  deliverData(bytes: Uint8Array, start: number, end: number): boolean {
    try {
      return this.handler.onData(bytes, start, end);
    } catch (error) {
      this.#host.handlerFailed(this, error);
      return false;
    }
  }

  deliverEnd(trailers: FieldLines | null): void {
    try {
      this.handler.onEnd(trailers);
    } catch (error) {
      this.#host.handlerFailed(this, error);
    }
  }

  deliverReset(code: ErrorCode): void {
    const handler = this.handler;
    this.handler = UNATTENDED;
    try {
      handler.onReset(code);
    } catch (error) {
      this.#host.handlerFailed(this, error);
    }
  }

  /**
   * A peer that opens no window may let bytes wait for long, while what was received with them went on: they must not keep
   * it. Where the socket is full everything waits, and nothing is copied.
   */
  #waiting(bytes: Uint8Array): Uint8Array {
    return this.sendWindow <= 0 ? ownBytes(bytes) : bytes;
  }

  #drained(): void {
    // Sending the last frame may have closed the stream, and that drops the queue.
    if (this.closed) return;
    this.#queue = null;
    this.#host.streamReleased(this);
    if (this.#trailers !== null) {
      const trailers = this.#trailers;
      this.#trailers = null;
      this.#host.sendFields(this, trailers, true);
    }
    if (this.closed) return;
    try {
      this.handler.onWritable();
    } catch (error) {
      this.#host.handlerFailed(this, error);
    }
  }
}
