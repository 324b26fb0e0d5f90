/**
 * HTTP/2 as one connection speaks it: which frames may come, what opens, closes and fails (RFC 9113 section 5). It takes
 * frames and fills an output queue; the socket is the connection's.
 */
import { AbuseBudgets, Budget, budgetName } from "./abuse-budget.ts";
import { ControlFrames } from "./control-frames.ts";
import { ErrorCode, type FieldLines, type Http2Acceptor } from "./contract.ts";
import { ReceiveWindow } from "./flow-control.ts";
import { FrameFlag, FrameType } from "./frame-header.ts";
import type { FrameSink } from "./frame-reader.ts";
import type { ServerLimits } from "./options.ts";
import type { OutputQueue } from "./output-queue.ts";
import { RequestFrames } from "./request-frames.ts";
import { Sender } from "./sender.ts";
import { DEFAULT_WINDOW_BYTES, encodeSettings, Setting } from "./settings.ts";
import { ServerStream, type StreamHost } from "./stream.ts";
import { ANY_STREAM, StreamTable } from "./stream-table.ts";

/** What a session asks of its connection. */
export interface SessionHost {
  readonly acceptor: Http2Acceptor;
  readonly limits: ServerLimits;
  /** The server's clock: milliseconds, moved by its sweeps. */
  readonly nowMs: number;
  /** Something was written; the host sees to it that it leaves. */
  outputWritten(): void;
  /** Much was written: the socket should have it before more is framed. */
  flushNow(): void;
  streamOpened(): void;
  streamClosed(): void;
  handlerFailed(error: unknown): void;
  abuseRefused(budget: string): void;
  /** The session is over: GOAWAY is written, all streams are closed. The host ends the connection once that has left. */
  sessionEnded(reason: string): void;
}

/** Streams served before the peer acknowledged our limit, when the limit is lower. */
const STREAMS_BEFORE_ACK = 1024;
/** The payload of the PING that goes with the first GOAWAY of a graceful end. */
const DRAIN_PING = Buffer.from("draining");
const HEADERS_TOO_LARGE: FieldLines = [":status", "431"];

export class Session implements FrameSink, StreamHost {
  readonly limits: ServerLimits;
  readonly output: OutputQueue;
  readonly sender: Sender;
  readonly streams = new StreamTable();
  readonly receiveWindow: ReceiveWindow;
  /** The peer's SETTINGS have come: nothing of its connection preface is missing. */
  prefaceComplete = false;
  /** Something may look at the bytes of the chunk that is read after it was read. */
  chunkIsKept = false;
  settingsAcknowledged = false;

  readonly #host: SessionHost;
  readonly #budgets = new AbuseBudgets();
  readonly #requests: RequestFrames;
  readonly #controls: ControlFrames;
  #idleSinceMs: number;
  #over = false;

  constructor(host: SessionHost, output: OutputQueue) {
    this.#host = host;
    this.output = output;
    this.limits = host.limits;
    this.receiveWindow = new ReceiveWindow(
      Math.max(host.limits.connectionWindowBytes, DEFAULT_WINDOW_BYTES),
      host.limits.maxUnconsumedBytes,
    );
    this.sender = new Sender(output, this.#budgets, () => host.flushNow());
    this.#requests = new RequestFrames(this);
    this.#controls = new ControlFrames(this);
    this.#idleSinceMs = host.nowMs;
  }

  /** Nothing more is read or served. */
  get isOver(): boolean {
    return this.#over;
  }

  get insideHeaderBlock(): boolean {
    return this.#requests.unfinishedStreamId !== 0;
  }

  /** How long no stream has been open. */
  get idleForMs(): number {
    return this.streams.size > 0 ? 0 : this.#host.nowMs - this.#idleSinceMs;
  }

  /** As many streams are open as may be. */
  get isFull(): boolean {
    const limit = this.limits.maxConcurrentStreams;
    return this.streams.size >= (this.settingsAcknowledged ? limit : Math.max(limit, STREAMS_BEFORE_ACK));
  }

  /** Sends our side of the connection preface (RFC 9113 section 3.4). */
  open(): void {
    const limits = this.limits;
    this.output.writeSettings(
      encodeSettings([
        [Setting.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams],
        [Setting.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
        [Setting.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
      ]),
    );
    const more = limits.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.output.writeWindowUpdate(0, more);
    this.outputWritten();
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const unfinished = this.#requests.unfinishedStreamId;
    if (unfinished !== 0 && (type !== FrameType.CONTINUATION || streamId !== unfinished)) {
      return this.protocolError("a header block was interrupted");
    }
    if (!this.prefaceComplete && (type !== FrameType.SETTINGS || (flags & FrameFlag.ACK) !== 0)) {
      return this.protocolError("the first frame is not SETTINGS");
    }
    if (type !== FrameType.DATA && type !== FrameType.WINDOW_UPDATE) this.chunkIsKept = true;
    switch (type) {
      case FrameType.DATA:
        return this.#requests.onData(flags, streamId, bytes, start, end);
      case FrameType.HEADERS:
        return this.#requests.onHeaders(flags, streamId, bytes, start, end);
      case FrameType.PRIORITY:
        return this.#controls.onPriority(streamId, bytes, start, end);
      case FrameType.RST_STREAM:
        return this.#controls.onReset(streamId, bytes, start, end);
      case FrameType.SETTINGS:
        return this.#controls.onSettings(flags, streamId, bytes, start, end);
      case FrameType.PUSH_PROMISE:
        return this.protocolError("PUSH_PROMISE from a client");
      case FrameType.PING:
        return this.#controls.onPing(flags, streamId, bytes, start, end);
      case FrameType.GOAWAY:
        return this.#controls.onGoaway(streamId, start, end);
      case FrameType.WINDOW_UPDATE:
        return this.#controls.onWindowUpdate(streamId, bytes, start, end);
      case FrameType.CONTINUATION:
        return this.#requests.onContinuation(flags, bytes, start, end);
      default:
        return this.charge(Budget.IGNORED_FRAMES);
    }
  }

  onFrameTooLong(type: number, length: number): void {
    this.fail(ErrorCode.FRAME_SIZE_ERROR, `a frame of type ${type} with ${length} bytes`);
  }

  // --- streams: what they ask for ------------------------------------------------------------------------------------

  sendFields(stream: ServerStream, fields: FieldLines, endStream: boolean): void {
    this.sender.sendFields(stream.id, fields, endStream);
    if (endStream) this.#endResponse(stream);
    this.outputWritten();
  }

  sendBodyFrame(stream: ServerStream, bytes: Uint8Array, from: number, endStream: boolean): number {
    const to = this.sender.sendBodyFrame(stream, bytes, from, endStream);
    if (to === from && bytes.length > 0) return from;
    stream.movedAtMs = this.#host.nowMs;
    if (endStream && to === bytes.length) this.#endResponse(stream);
    this.outputWritten();
    return to;
  }

  streamHeld(stream: ServerStream): void {
    stream.movedAtMs = this.#host.nowMs;
    this.sender.hold(stream);
  }

  streamReleased(stream: ServerStream): void {
    this.sender.release(stream);
  }

  streamConsumed(stream: ServerStream, bytes: number): void {
    const before = stream.receiveWindow.unconsumed;
    const increment = stream.receiveWindow.consume(bytes);
    this.consumeConnection(before - stream.receiveWindow.unconsumed);
    if (increment === 0 || stream.remoteEnded) return;
    this.output.writeWindowUpdate(stream.id, increment);
    this.outputWritten();
  }

  resetStream(stream: ServerStream, code: ErrorCode): void {
    this.closeStream(stream);
    this.#writeReset(stream.id, code);
  }

  handlerFailed(stream: ServerStream, error: unknown): void {
    stream.reset(ErrorCode.INTERNAL_ERROR);
    this.#host.handlerFailed(error);
  }

  // --- streams: what frames do to them -------------------------------------------------------------------------------

  acceptStream(streamId: number, fields: FieldLines, endStream: boolean, expectedBytes: number): void {
    // Until our SETTINGS are known to the peer it may count on the default.
    const smallestWindow = this.settingsAcknowledged ? 0 : DEFAULT_WINDOW_BYTES;
    const windowBytes = Math.max(this.limits.streamWindowBytes, smallestWindow);
    const stream = new ServerStream(this, streamId, this.sender.initialWindowBytes, windowBytes);
    stream.remoteEnded = endStream;
    stream.expectedBytes = expectedBytes;
    this.streams.add(stream);
    this.#host.streamOpened();
    try {
      stream.handler = this.#host.acceptor.onStream(stream, fields, endStream);
    } catch (error) {
      this.handlerFailed(stream, error);
    }
  }

  refuseStream(streamId: number): boolean {
    this.#writeReset(streamId, ErrorCode.REFUSED_STREAM);
    return this.charge(Budget.REFUSED_STREAMS);
  }

  /** Answers a request whose header list is too large (RFC 6585 section 5) without serving it. */
  refuseHeaders(streamId: number): boolean {
    if (!this.charge(Budget.PEER_MISTAKES)) return false;
    this.sender.sendFields(streamId, HEADERS_TOO_LARGE, true);
    this.#writeReset(streamId, ErrorCode.NO_ERROR);
    return true;
  }

  /** The peer broke a rule on one stream; the connection goes on as long as that is rare. */
  streamError(streamId: number, code: ErrorCode): boolean {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.closeStream(stream);
    this.#writeReset(streamId, code);
    stream?.deliverReset(code);
    return this.charge(Budget.PEER_MISTAKES);
  }

  closeStream(stream: ServerStream): void {
    if (stream.closed) return;
    stream.closed = true;
    stream.dropQueue();
    this.streams.delete(stream);
    this.#host.streamClosed();
    this.consumeConnection(stream.receiveWindow.unconsumed);
    if (stream.hasBody || stream.remoteEnded) this.#budgets.refund(Budget.RAPID_RESET, 1);
    this.#budgets.refund(Budget.LATE_FRAMES, 2);
    this.#budgets.refund(Budget.IGNORED_FRAMES, 2);
    if (this.streams.size > 0) return;
    this.#idleSinceMs = this.#host.nowMs;
    if (this.streams.isFinal) this.#end("drained");
  }

  consumeConnection(bytes: number): void {
    if (bytes > 0) this.#openConnection(this.receiveWindow.consume(bytes));
  }

  /** One stream that nobody reads keeps the others of the connection from sending only when much of it waits here. */
  refillConnection(): void {
    this.#openConnection(this.receiveWindow.refill());
  }

  #openConnection(increment: number): void {
    if (increment === 0 || this.#over) return;
    this.output.writeWindowUpdate(0, increment);
    this.outputWritten();
  }

  /** END_STREAM of ours is written. A request that goes on has nobody left to read it (RFC 9113 section 8.1). */
  #endResponse(stream: ServerStream): void {
    this.closeStream(stream);
    if (!stream.remoteEnded) this.#writeReset(stream.id, ErrorCode.NO_ERROR);
  }

  #writeReset(streamId: number, code: ErrorCode): void {
    this.streams.noteReset(streamId);
    this.output.writeReset(streamId, code);
    this.outputWritten();
  }

  // --- the connection ------------------------------------------------------------------------------------------------

  outputWritten(): void {
    this.#host.outputWritten();
  }

  pump(): void {
    this.sender.pump();
  }

  /** Time passed: budgets drain, and streams that took nothing for too long end. */
  sweep(elapsedMs: number): void {
    this.#budgets.elapse(elapsedMs);
    for (const stream of this.sender.held) {
      if (this.#host.nowMs - stream.movedAtMs < this.limits.stallTimeoutMs) continue;
      this.resetStream(stream, ErrorCode.CANCEL);
      stream.deliverReset(ErrorCode.CANCEL);
    }
  }

  /** First half of a graceful end: the peer is asked to open no more streams (RFC 9113 section 6.8). */
  announceGoaway(): void {
    if (this.#over) return;
    this.output.writeGoaway(ANY_STREAM, ErrorCode.NO_ERROR, "");
    this.output.writePing(DRAIN_PING, 0, false);
    this.outputWritten();
  }

  onPingAcknowledged(bytes: Buffer, start: number): void {
    if (DRAIN_PING.compare(bytes, start, start + DRAIN_PING.length) === 0) this.finishGoaway();
  }

  /** Second half: what the peer opened until now is served, no more. */
  finishGoaway(): void {
    if (this.#over || this.streams.isFinal) return;
    this.streams.makeFinal();
    this.output.writeGoaway(this.streams.lastServedId, ErrorCode.NO_ERROR, "");
    this.outputWritten();
    if (this.streams.size === 0) this.#end("drained");
  }

  /** True as long as the budget is not spent and the session goes on. */
  charge(budget: Budget): boolean {
    if (this.#budgets.charge(budget)) return this.abuse(budgetName(budget));
    return !this.#over;
  }

  abuse(name: string): boolean {
    if (this.#over) return false;
    this.#host.abuseRefused(name);
    return this.fail(ErrorCode.ENHANCE_YOUR_CALM, `abuse: ${name}`);
  }

  protocolError(reason: string): boolean {
    return this.fail(ErrorCode.PROTOCOL_ERROR, `protocol error: ${reason}`);
  }

  /** Ends the session with GOAWAY. Always false: nothing more is read. */
  fail(code: ErrorCode, reason: string): boolean {
    if (this.#over) return false;
    this.output.writeGoaway(this.streams.lastServedId, code, reason);
    this.#end(reason);
    this.closeStreams(code === ErrorCode.NO_ERROR ? ErrorCode.CANCEL : code);
    return false;
  }

  /** Every open stream ends before its time. */
  closeStreams(code: ErrorCode): void {
    this.#over = true;
    for (const stream of this.streams.all()) {
      this.closeStream(stream);
      stream.deliverReset(code);
    }
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.sessionEnded(reason);
  }
}
