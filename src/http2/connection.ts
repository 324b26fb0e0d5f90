/** One accepted socket: preface, read passes, flushing, deadlines. The only file that owns a socket. */
import { ErrorCode, type Http2Acceptor, type Http2Observer } from "./contract.ts";
import { FrameReader } from "./frame-reader.ts";
import type { ServerLimits } from "./options.ts";
import { type ByteSink, OutputQueue } from "./output-queue.ts";
import { Session, type SessionHost } from "./session.ts";
import { DEFAULT_MAX_FRAME_BYTES } from "./settings.ts";

/** What a connection needs of its socket: `Bun.Socket` has it. */
export interface ConnectionSocket {
  /** How many bytes were taken; -1 when it is closed. */
  write(bytes: Uint8Array, from: number, length: number): number;
  pause(): void;
  resume(): void;
  /** Sends FIN; what the peer still sends is received. */
  shutdown(): void;
  terminate(): void;
}

/** What a connection asks of its server. */
export interface ConnectionOwner {
  readonly acceptor: Http2Acceptor;
  readonly observer: Http2Observer;
  readonly limits: ServerLimits;
  /** Milliseconds, moved by the sweeps. */
  readonly nowMs: number;
  /** Calls `flush` before the thread waits for events again. */
  flushSoon(connection: Connection): void;
  streamOpened(): void;
  streamClosed(): void;
  /** The connection serves no more and its output has left, or it was lost. Called once. */
  connectionDone(reason: string): void;
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** From this length on, giving the memory of a read back saves more than it costs. */
const RELEASED_FROM_BYTES = 32 * 1024;
/** How long a peer may take to read our last words before the socket is torn down. */
const LINGER_MS = 1_000;

export class Connection implements SessionHost, ByteSink {
  readonly #socket: ConnectionSocket;
  readonly #owner: ConnectionOwner;
  readonly #session: Session;
  readonly #output = new OutputQueue();
  readonly #reader = new FrameReader(DEFAULT_MAX_FRAME_BYTES);
  readonly #openedAtMs: number;
  #open = false;
  #prefaceBytes = 0;
  #inPass = false;
  #flushScheduled = false;
  #paused = false;
  #headerBlockSinceMs = -1;
  #outputMovedAtMs: number;
  /** Why the connection ends; null while it serves. */
  #endReason: string | null = null;
  #shutDown = false;
  #shutDownAtMs = 0;
  #closed = false;
  #reported = false;

  constructor(socket: ConnectionSocket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#openedAtMs = owner.nowMs;
    this.#outputMovedAtMs = owner.nowMs;
    this.#session = new Session(this, this.#output);
    owner.observer.connectionOpened();
  }

  get acceptor(): Http2Acceptor {
    return this.#owner.acceptor;
  }

  get limits(): ServerLimits {
    return this.#owner.limits;
  }

  get nowMs(): number {
    return this.#owner.nowMs;
  }

  /** Begins to serve: at once for cleartext, after the handshake for TLS. */
  open(): void {
    this.#open = true;
    this.#session.open();
  }

  receive(chunk: Buffer): void {
    if (this.#endReason !== null) return;
    // A peer whose certificate was not judged yet is not served.
    if (!this.#open) return this.terminate("data before the handshake ended");
    this.#inPass = true;
    this.#session.chunkIsKept = false;
    try {
      const frames = this.#prefaceBytes === PREFACE.length ? chunk : this.#takePreface(chunk);
      if (frames !== null) this.#reader.read(frames, this.#session);
    } catch (error) {
      // A defect of ours must cost one connection, not the process.
      this.handlerFailed(error);
      this.#session.chunkIsKept = true;
      this.#session.fail(ErrorCode.INTERNAL_ERROR, "internal error");
    }
    this.#inPass = false;
    if (chunk.length >= RELEASED_FROM_BYTES && !this.#session.chunkIsKept) releaseMemory(chunk);
    this.#noteHeaderBlock();
    this.flush();
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.flushNow();
    if (!this.#output.blocked) this.#session.pump();
    this.flush();
    if (this.#paused && this.#queuedBytes() * 2 <= this.limits.maxQueuedBytes) this.#resume();
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.closeStreams(ErrorCode.CANCEL);
    this.#endReason ??= "peer closed";
    this.#done();
  }

  /** Hands the gathered output to the socket, unless that waits to be drained. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#closed) return;
    if (!this.#output.blocked && this.#output.pendingBytes > 0) this.flushNow();
    if (this.#endReason !== null) this.#shutDownOnceFlushed();
    else if (this.#output.blocked && !this.#paused && this.#queuedBytes() >= this.limits.maxQueuedBytes) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  flushNow(): void {
    if (this.#closed) return;
    const waited = this.#output.blocked;
    const taken = this.#output.flush(this);
    // What only now begins to wait has not waited yet.
    if (taken > 0 || !waited) this.#outputMovedAtMs = this.nowMs;
  }

  announceGoaway(): void {
    this.#session.announceGoaway();
  }

  finishGoaway(): void {
    this.#session.finishGoaway();
  }

  /** Ends the connection at once; its streams end before their time. */
  terminate(reason: string): void {
    this.#endReason ??= reason;
    this.closed();
    this.#socket.terminate();
  }

  /** Checks the deadlines. */
  sweep(elapsedMs: number): void {
    const { limits, nowMs } = this;
    const stalled = this.#output.blocked && nowMs - this.#outputMovedAtMs >= limits.stallTimeoutMs;
    if (stalled) return this.terminate("stalled");
    if (this.#endReason !== null) {
      if (this.#shutDown && nowMs - this.#shutDownAtMs >= LINGER_MS) this.terminate(this.#endReason);
      return;
    }
    const session = this.#session;
    const age = nowMs - this.#openedAtMs;
    if (!session.prefaceComplete) {
      if (age >= limits.prefaceTimeoutMs) this.terminate("preface timeout");
      return;
    }
    session.sweep(elapsedMs);
    if (this.#headerBlockSinceMs >= 0 && nowMs - this.#headerBlockSinceMs >= limits.headersTimeoutMs) {
      session.fail(ErrorCode.ENHANCE_YOUR_CALM, "headers timeout");
    } else if (!session.settingsAcknowledged && age >= limits.settingsTimeoutMs) {
      session.fail(ErrorCode.SETTINGS_TIMEOUT, "settings timeout");
    } else if (limits.idleTimeoutMs > 0 && session.idleForMs >= limits.idleTimeoutMs) {
      session.fail(ErrorCode.NO_ERROR, "idle");
    }
  }

  // --- for the session ---------------------------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, length: number): number {
    return this.#socket.write(bytes, from, length);
  }

  outputWritten(): void {
    if (this.#inPass || this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#owner.flushSoon(this);
  }

  streamOpened(): void {
    this.#owner.streamOpened();
  }

  streamClosed(): void {
    this.#owner.streamClosed();
  }

  handlerFailed(error: unknown): void {
    this.#owner.observer.handlerFailed?.(error);
  }

  abuseRefused(budget: string): void {
    this.#owner.observer.abuseRefused(budget);
  }

  sessionEnded(reason: string): void {
    this.#endReason ??= reason;
    this.outputWritten();
  }

  // --- helpers -----------------------------------------------------------------------------------------------------

  /** Checks what of the chunk belongs to the preface; the rest, null when there is none or the preface is wrong. */
  #takePreface(chunk: Buffer): Buffer | null {
    const expected = PREFACE.subarray(this.#prefaceBytes, this.#prefaceBytes + chunk.length);
    if (!chunk.subarray(0, expected.length).equals(expected)) {
      this.#session.fail(ErrorCode.PROTOCOL_ERROR, "protocol error: the client does not speak HTTP/2");
      return null;
    }
    this.#prefaceBytes += expected.length;
    return expected.length < chunk.length ? chunk.subarray(expected.length) : null;
  }

  #noteHeaderBlock(): void {
    if (!this.#session.insideHeaderBlock && !this.#reader.insideHeaderFrame) this.#headerBlockSinceMs = -1;
    else if (this.#headerBlockSinceMs < 0) this.#headerBlockSinceMs = this.nowMs;
  }

  /** Output that nobody but the socket holds back: what waits for the peer's windows needs reading to go on. */
  #queuedBytes(): number {
    return this.#output.pendingBytes + (this.#output.blocked ? this.#session.sender.heldBytes : 0);
  }

  #resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  #shutDownOnceFlushed(): void {
    if (this.#shutDown || this.#output.pendingBytes > 0) return;
    this.#shutDown = true;
    this.#shutDownAtMs = this.nowMs;
    if (this.#paused) this.#resume();
    this.#socket.shutdown();
    this.#done();
  }

  #done(): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#owner.connectionDone(this.#endReason ?? "");
  }
}

/**
 * Gives the memory of a read back at once. Otherwise it would stay taken until the next collection, and the next read
 * would begin with memory the processor has not in its caches. A part of a larger buffer is left alone.
 */
function releaseMemory(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
}
