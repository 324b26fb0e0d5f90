/**
 * HTTP/2 as one connection speaks it: what each frame means for the connection and its streams (RFC 9113 sections 5 and
 * 6). It takes frames and fills an output queue; the socket is the connection's.
 */
import { AbuseBudgets, Budget, budgetName, CONTINUATION_FLOOD, HEADER_BOMB } from "./abuse-budget.ts";
import { byteAt, uint31At, uint32At } from "./bytes.ts";
import { ErrorCode, type FieldLines, type Http2Acceptor } from "./contract.ts";
import { openSendWindow, ReceiveWindow } from "./flow-control.ts";
import { FrameFlag, FrameType } from "./frame-header.ts";
import type { FrameSink } from "./frame-reader.ts";
import { HeaderBlock } from "./header-block.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { ServerLimits } from "./options.ts";
import type { OutputQueue } from "./output-queue.ts";
import { RecentResets } from "./recent-resets.ts";
import { contentLength, isRequest, isTrailers } from "./request-fields.ts";
import {
  applySettings,
  DEFAULT_HEADER_TABLE_BYTES,
  DEFAULT_WINDOW_BYTES,
  encodeSettings,
  initialPeerSettings,
  MAX_WINDOW_BYTES,
  Setting,
} from "./settings.ts";
import { ServerStream, type StreamHost } from "./stream.ts";

/** What a session asks of its connection. */
export interface SessionHost {
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
/** Output from which on body data waits in its stream: while the socket takes it, and while it does not. */
const FLUSH_BYTES = 256 * 1024;
const BLOCKED_BYTES = 64 * 1024;
const DRAIN_PING = new TextEncoder().encode("draining");
const REFUSED_HEADERS: FieldLines = [":status", "431"];

export class Session implements FrameSink, StreamHost {
  readonly #host: SessionHost;
  readonly #output: OutputQueue;
  readonly #acceptor: Http2Acceptor;
  readonly #limits: ServerLimits;
  readonly #decoder: HpackDecoder;
  readonly #encoder = new HpackEncoder(DEFAULT_HEADER_TABLE_BYTES);
  readonly #budgets = new AbuseBudgets();
  readonly #peer = initialPeerSettings();
  readonly #streams = new Map<number, ServerStream>();
  /** Streams with queued data. */
  readonly #held = new Set<ServerStream>();
  readonly #recentResets = new RecentResets();
  readonly #receiveWindow: ReceiveWindow;
  #sendWindow = DEFAULT_WINDOW_BYTES;
  #headerBlock: HeaderBlock | null = null;
  #lastStreamId = 0;
  /** Streams above it came after our final GOAWAY and are ignored (RFC 9113 section 6.8). */
  #lastServedId = MAX_WINDOW_BYTES;
  #peerSettingsReceived = false;
  #settingsAcknowledged = false;
  #over = false;
  #idleSinceMs: number;

  constructor(host: SessionHost, output: OutputQueue, acceptor: Http2Acceptor, limits: ServerLimits) {
    this.#host = host;
    this.#output = output;
    this.#acceptor = acceptor;
    this.#limits = limits;
    this.#decoder = new HpackDecoder(DEFAULT_HEADER_TABLE_BYTES, limits.maxHeaderListBytes);
    this.#receiveWindow = new ReceiveWindow(Math.max(limits.connectionWindowBytes, DEFAULT_WINDOW_BYTES));
    this.#idleSinceMs = host.nowMs;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  get settingsAcknowledged(): boolean {
    return this.#settingsAcknowledged;
  }

  get insideHeaderBlock(): boolean {
    return this.#headerBlock !== null;
  }

  /** The peer's SETTINGS have come: nothing of its connection preface is missing. */
  get prefaceComplete(): boolean {
    return this.#peerSettingsReceived;
  }

  /** How long no stream has been open. */
  get idleForMs(): number {
    return this.#streams.size > 0 ? 0 : this.#host.nowMs - this.#idleSinceMs;
  }

  /** Bytes that streams hold queued. */
  get heldBytes(): number {
    let bytes = 0;
    for (const stream of this.#held) bytes += stream.queuedBytes;
    return bytes;
  }

  /** Our side of the connection preface (RFC 9113 section 3.4). */
  open(): void {
    const limits = this.#limits;
    this.#output.writeSettings(
      encodeSettings([
        [Setting.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams],
        [Setting.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
        [Setting.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
      ]),
    );
    const more = limits.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.#output.writeWindowUpdate(0, more);
    this.#host.outputWritten();
  }

  // --- frames in ---------------------------------------------------------------------------------------------------

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if (this.#headerBlock !== null && (type !== FrameType.CONTINUATION || streamId !== this.#headerBlock.streamId)) {
      return this.#protocolError("a header block was interrupted");
    }
    if (!this.#peerSettingsReceived && (type !== FrameType.SETTINGS || (flags & FrameFlag.ACK) !== 0)) {
      return this.#protocolError("the first frame is not SETTINGS");
    }
    switch (type) {
      case FrameType.DATA:
        return this.#onData(flags, streamId, bytes, start, end);
      case FrameType.HEADERS:
        return this.#onHeaders(flags, streamId, bytes, start, end);
      case FrameType.PRIORITY:
        return this.#onPriority(streamId, bytes, start, end);
      case FrameType.RST_STREAM:
        return this.#onReset(streamId, bytes, start, end);
      case FrameType.SETTINGS:
        return this.#onSettings(flags, streamId, bytes, start, end);
      case FrameType.PUSH_PROMISE:
        return this.#protocolError("PUSH_PROMISE from a client");
      case FrameType.PING:
        return this.#onPing(flags, streamId, bytes, start, end);
      case FrameType.GOAWAY:
        return this.#onGoaway(streamId, start, end);
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(streamId, bytes, start, end);
      case FrameType.CONTINUATION:
        return this.#onContinuation(flags, bytes, start, end);
      default:
        return this.#charge(Budget.IGNORED_FRAMES);
    }
  }

  onFrameTooLong(type: number, length: number): void {
    this.fail(ErrorCode.FRAME_SIZE_ERROR, `a frame of type ${type} with ${length} bytes`);
  }

  #onData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (!this.#receiveWindow.take(length)) {
      return this.fail(ErrorCode.FLOW_CONTROL_ERROR, "the connection's window is exceeded");
    }
    if ((flags & FrameFlag.PADDED) !== 0) {
      end -= length === 0 ? 1 : byteAt(bytes, start++);
      if (end < start) return this.#protocolError("padding exceeds its frame");
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#onDataWithoutStream(streamId, length);
    if (stream.remoteEnded) {
      this.#consumeConnection(length);
      return this.#streamError(streamId, ErrorCode.STREAM_CLOSED);
    }
    if (!stream.receiveWindow.take(length)) {
      this.#consumeConnection(length);
      return this.#streamError(streamId, ErrorCode.FLOW_CONTROL_ERROR);
    }
    const body = end - start;
    if (body < length) this.streamConsumed(stream, length - body);
    const endStream = (flags & FrameFlag.END_STREAM) !== 0;
    if (body > 0) {
      stream.hasBody = true;
      if (stream.expectedBytes !== -1) {
        stream.expectedBytes -= body;
        if (stream.expectedBytes < 0) return this.#streamError(streamId, ErrorCode.PROTOCOL_ERROR);
      }
      stream.deliverData(bytes.subarray(start, end));
    } else if (!endStream && this.#overspent(Budget.EMPTY_DATA)) {
      return false;
    }
    // The handler may have ended the stream, or the connection.
    if (endStream && !stream.closed) this.#endRemote(stream, null);
    return !this.#over;
  }

  #onDataWithoutStream(streamId: number, length: number): boolean {
    if (this.#isIdle(streamId)) return this.#protocolError("DATA for an idle stream");
    this.#consumeConnection(length);
    if (this.#isAbandoned(streamId)) return true;
    return this.#streamError(streamId, ErrorCode.STREAM_CLOSED);
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if ((streamId & 1) === 0) return this.#protocolError("HEADERS for a stream a client cannot open");
    if ((flags & FrameFlag.PADDED) !== 0) {
      end -= start === end ? 1 : byteAt(bytes, start++);
      if (end < start) return this.#protocolError("padding exceeds its frame");
    }
    let selfDependent = false;
    if ((flags & FrameFlag.PRIORITY) !== 0) {
      if (end - start < 5) return this.fail(ErrorCode.FRAME_SIZE_ERROR, "HEADERS too short for its priority");
      selfDependent = uint31At(bytes, start) === streamId;
      start += 5;
    }
    const endStream = (flags & FrameFlag.END_STREAM) !== 0;
    if ((flags & FrameFlag.END_HEADERS) !== 0) {
      return this.#onHeaderBlock(streamId, endStream, selfDependent, bytes, start, end);
    }
    this.#headerBlock = new HeaderBlock(streamId, endStream, selfDependent, this.#limits.maxHeaderListBytes);
    return this.#addFragment(this.#headerBlock, bytes, start, end);
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): boolean {
    const block = this.#headerBlock;
    if (block === null) return this.#protocolError("CONTINUATION without HEADERS");
    if (!this.#addFragment(block, bytes, start, end)) return false;
    if ((flags & FrameFlag.END_HEADERS) === 0) return true;
    this.#headerBlock = null;
    const joined = block.join();
    return this.#onHeaderBlock(block.streamId, block.endStream, block.selfDependent, joined, 0, joined.length);
  }

  #addFragment(block: HeaderBlock, bytes: Buffer, start: number, end: number): boolean {
    return block.add(bytes, start, end) || this.#abuse(CONTINUATION_FLOOD);
  }

  #onHeaderBlock(
    streamId: number,
    endStream: boolean,
    selfDependent: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): boolean {
    // Decoded whatever becomes of the stream: the table is shared by all.
    const outcome = this.#decoder.decode(block, start, end);
    if (outcome === "malformed") return this.fail(ErrorCode.COMPRESSION_ERROR, "a header block cannot be decoded");
    if (outcome === "bomb") return this.#abuse(HEADER_BOMB);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) return this.#onTrailers(stream, endStream, outcome === "ok");
    if (streamId <= this.#lastStreamId) {
      if (this.#isAbandoned(streamId)) return true;
      return this.fail(ErrorCode.STREAM_CLOSED, "HEADERS for a closed stream");
    }
    this.#lastStreamId = streamId;
    if (streamId > this.#lastServedId) return true;
    if (this.#streams.size >= this.#streamLimit()) return this.#streamError(streamId, ErrorCode.REFUSED_STREAM);
    if (outcome === "too-large") return this.#refuseHeaders(streamId);
    const { fields, shape } = this.#decoder;
    const expectedBytes = contentLength(shape, fields);
    const isWellFormed = isRequest(shape, fields) && !Number.isNaN(expectedBytes) && !(endStream && expectedBytes > 0);
    if (selfDependent || !isWellFormed) return this.#streamError(streamId, ErrorCode.PROTOCOL_ERROR);
    this.#acceptStream(streamId, fields, endStream, expectedBytes);
    return !this.#over;
  }

  #onTrailers(stream: ServerStream, endStream: boolean, complete: boolean): boolean {
    if (stream.remoteEnded) return this.#streamError(stream.id, ErrorCode.STREAM_CLOSED);
    if (!endStream || !complete || !isTrailers(this.#decoder.shape)) {
      return this.#streamError(stream.id, ErrorCode.PROTOCOL_ERROR);
    }
    this.#endRemote(stream, this.#decoder.fields);
    return !this.#over;
  }

  #acceptStream(streamId: number, fields: FieldLines, endStream: boolean, expectedBytes: number): void {
    // Until our SETTINGS are known to the peer it may count on the default.
    const smallest = this.#settingsAcknowledged ? 0 : DEFAULT_WINDOW_BYTES;
    const receiveWindowBytes = Math.max(this.#limits.streamWindowBytes, smallest);
    const stream = new ServerStream(this, streamId, this.#peer.initialWindowBytes, receiveWindowBytes);
    stream.remoteEnded = endStream;
    stream.expectedBytes = expectedBytes;
    this.#streams.set(streamId, stream);
    this.#host.streamOpened();
    try {
      stream.handler = this.#acceptor.onStream(stream, fields, endStream);
    } catch (error) {
      this.handlerFailed(stream, error);
    }
  }

  /** Answers a request whose header list is too large (RFC 6585 section 5) without serving it. */
  #refuseHeaders(streamId: number): boolean {
    if (this.#overspent(Budget.PEER_MISTAKES)) return false;
    this.#output.writeHeaders(streamId, this.#encoder.encode(REFUSED_HEADERS), this.#peer.maxFrameBytes, true);
    this.#writeReset(streamId, ErrorCode.NO_ERROR);
    return true;
  }

  #endRemote(stream: ServerStream, trailers: FieldLines | null): void {
    if (stream.expectedBytes > 0) {
      this.#streamError(stream.id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.remoteEnded = true;
    stream.deliverEnd(trailers);
  }

  #onPriority(streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if (streamId === 0) return this.#protocolError("PRIORITY for the connection");
    if (end - start !== 5) {
      if (this.#streams.has(streamId)) return this.#streamError(streamId, ErrorCode.FRAME_SIZE_ERROR);
      return this.fail(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY of a wrong length");
    }
    if (uint31At(bytes, start) === streamId) return this.#protocolError("a stream depends on itself");
    return this.#charge(Budget.IGNORED_FRAMES);
  }

  #onReset(streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== 4) return this.fail(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of a wrong length");
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (this.#isIdle(streamId)) return this.#protocolError("RST_STREAM for an idle stream");
      return this.#charge(Budget.LATE_FRAMES);
    }
    const wasted = !stream.hasBody && !stream.remoteEnded;
    this.#closeStream(stream);
    stream.deliverReset(uint32At(bytes, start) as ErrorCode);
    return wasted ? this.#charge(Budget.RAPID_RESET) : !this.#over;
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if (streamId !== 0) return this.#protocolError("SETTINGS for a stream");
    if ((flags & FrameFlag.ACK) !== 0) {
      if (end !== start) return this.fail(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS acknowledgement with a payload");
      this.#settingsAcknowledged = true;
      return true;
    }
    this.#peerSettingsReceived = true;
    if (this.#overspent(Budget.SETTINGS)) return false;
    const peer = this.#peer;
    const { initialWindowBytes, headerTableBytes } = peer;
    const error = applySettings(bytes, start, end, peer);
    if (error !== ErrorCode.NO_ERROR) return this.fail(error, "illegal SETTINGS");
    if (peer.headerTableBytes !== headerTableBytes) this.#encoder.setPeerTableBytes(peer.headerTableBytes);
    this.#output.writeSettingsAck();
    this.#host.outputWritten();
    return this.#moveStreamWindows(peer.initialWindowBytes - initialWindowBytes);
  }

  /** A changed SETTINGS_INITIAL_WINDOW_SIZE moves the windows of open streams too (RFC 9113 section 6.9.2). */
  #moveStreamWindows(delta: number): boolean {
    if (delta === 0) return true;
    for (const stream of this.#streams.values()) {
      stream.sendWindow = openSendWindow(stream.sendWindow, delta);
      if (stream.sendWindow === Number.NEGATIVE_INFINITY) {
        return this.fail(ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS overflow a stream's window");
      }
    }
    if (delta > 0) this.pump();
    return !this.#over;
  }

  #onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if (streamId !== 0) return this.#protocolError("PING for a stream");
    if (end - start !== 8) return this.fail(ErrorCode.FRAME_SIZE_ERROR, "PING of a wrong length");
    if ((flags & FrameFlag.ACK) !== 0) {
      if (DRAIN_PING.every((byte, index) => byte === bytes[start + index])) this.finishGoaway();
      return !this.#over;
    }
    if (this.#overspent(Budget.PING)) return false;
    this.#output.writePing(bytes, start, true);
    this.#host.outputWritten();
    return true;
  }

  #onGoaway(streamId: number, start: number, end: number): boolean {
    if (streamId !== 0) return this.#protocolError("GOAWAY for a stream");
    if (end - start < 8) return this.fail(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY too short");
    // It announces which of our streams the peer refuses, and we open none.
    return this.#charge(Budget.IGNORED_FRAMES);
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== 4) return this.fail(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of a wrong length");
    const increment = uint31At(bytes, start);
    if (this.#overspent(Budget.WINDOW_UPDATE)) return false;
    if (streamId === 0) {
      if (increment === 0) return this.#protocolError("WINDOW_UPDATE of 0");
      this.#sendWindow = openSendWindow(this.#sendWindow, increment);
      if (this.#sendWindow < 0) return this.fail(ErrorCode.FLOW_CONTROL_ERROR, "the connection's window overflows");
      this.pump();
      return !this.#over;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      return this.#isIdle(streamId) ? this.#protocolError("WINDOW_UPDATE for an idle stream") : true;
    }
    if (increment === 0) return this.#streamError(streamId, ErrorCode.PROTOCOL_ERROR);
    stream.sendWindow = openSendWindow(stream.sendWindow, increment);
    if (stream.sendWindow === Number.NEGATIVE_INFINITY) {
      return this.#streamError(streamId, ErrorCode.FLOW_CONTROL_ERROR);
    }
    while (stream.pump());
    return !this.#over;
  }

  // --- what streams ask for ----------------------------------------------------------------------------------------

  sendFields(stream: ServerStream, fields: FieldLines, endStream: boolean): void {
    this.#output.writeHeaders(stream.id, this.#encoder.encode(fields), this.#peer.maxFrameBytes, endStream);
    if (endStream) this.#endLocal(stream);
    this.#host.outputWritten();
  }

  sendBodyFrame(stream: ServerStream, bytes: Uint8Array, from: number, endStream: boolean): number {
    const output = this.#output;
    if (output.pendingBytes >= BLOCKED_BYTES) {
      if (!output.blocked && output.pendingBytes >= FLUSH_BYTES) this.#host.flushNow();
      if (output.blocked) return from;
    }
    const window = Math.min(this.#sendWindow, stream.sendWindow, this.#peer.maxFrameBytes);
    let to = bytes.length;
    if (to - from > window) {
      if (window <= 0) return from;
      to = from + window;
    }
    this.#sendWindow -= to - from;
    stream.sendWindow -= to - from;
    stream.movedAtMs = this.#host.nowMs;
    const ends = endStream && to === bytes.length;
    output.writeData(stream.id, bytes, from, to, ends);
    // A peer opens windows and measures its bandwidth in proportion to what it is sent.
    this.#budgets.refund(Budget.WINDOW_UPDATE, 2);
    this.#budgets.refund(Budget.PING, 1);
    if (ends) this.#endLocal(stream);
    this.#host.outputWritten();
    return to;
  }

  streamHeld(stream: ServerStream): void {
    stream.movedAtMs = this.#host.nowMs;
    this.#held.add(stream);
  }

  streamReleased(stream: ServerStream): void {
    this.#held.delete(stream);
  }

  streamConsumed(stream: ServerStream, bytes: number): void {
    const before = stream.receiveWindow.unconsumed;
    const increment = stream.receiveWindow.consume(bytes);
    this.#consumeConnection(before - stream.receiveWindow.unconsumed);
    if (increment === 0 || stream.remoteEnded) return;
    this.#output.writeWindowUpdate(stream.id, increment);
    this.#host.outputWritten();
  }

  resetStream(stream: ServerStream, code: ErrorCode): void {
    this.#closeStream(stream);
    this.#writeReset(stream.id, code);
  }

  handlerFailed(stream: ServerStream, error: unknown): void {
    stream.reset(ErrorCode.INTERNAL_ERROR);
    this.#host.handlerFailed(error);
  }

  // --- for the connection ------------------------------------------------------------------------------------------

  /** Lets held streams send what windows and socket now allow, one frame each in turn. */
  pump(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const stream of this.#held) {
        if (stream.pump()) moved = true;
      }
    }
  }

  /** Time passed: budgets drain, and streams that took nothing for too long end. */
  sweep(elapsedMs: number): void {
    this.#budgets.elapse(elapsedMs);
    for (const stream of this.#held) {
      if (this.#host.nowMs - stream.movedAtMs < this.#limits.stallTimeoutMs) continue;
      this.resetStream(stream, ErrorCode.CANCEL);
      stream.deliverReset(ErrorCode.CANCEL);
    }
  }

  /** First half of a graceful end: the peer is asked to open no more streams (RFC 9113 section 6.8). */
  announceGoaway(): void {
    if (this.#over) return;
    this.#output.writeGoaway(MAX_WINDOW_BYTES, ErrorCode.NO_ERROR, "");
    this.#output.writePing(DRAIN_PING, 0, false);
    this.#host.outputWritten();
  }

  /** Second half: what the peer opened until now is served, no more. */
  finishGoaway(): void {
    if (this.#over || this.#lastServedId !== MAX_WINDOW_BYTES) return;
    this.#lastServedId = this.#lastStreamId;
    this.#output.writeGoaway(this.#lastServedId, ErrorCode.NO_ERROR, "");
    this.#host.outputWritten();
    if (this.#streams.size === 0) this.#end("drained");
  }

  /** Ends the session with GOAWAY. Always false: nothing more is read. */
  fail(code: ErrorCode, reason: string): boolean {
    if (this.#over) return false;
    this.#output.writeGoaway(Math.min(this.#lastStreamId, this.#lastServedId), code, reason);
    this.#host.outputWritten();
    this.#over = true;
    this.closeStreams(code === ErrorCode.NO_ERROR ? ErrorCode.CANCEL : code);
    this.#end(reason);
    return false;
  }

  /** Every open stream ends before its time. */
  closeStreams(code: ErrorCode): void {
    this.#over = true;
    for (const stream of this.#streams.values()) {
      this.#closeStream(stream);
      stream.deliverReset(code);
    }
  }

  // --- helpers -----------------------------------------------------------------------------------------------------

  #streamLimit(): number {
    const limit = this.#limits.maxConcurrentStreams;
    return this.#settingsAcknowledged ? limit : Math.max(limit, STREAMS_BEFORE_ACK);
  }

  #isIdle(streamId: number): boolean {
    return (streamId & 1) === 0 || streamId > this.#lastStreamId;
  }

  /** Closed by us, so that frames still on their way are no mistake. */
  #isAbandoned(streamId: number): boolean {
    return streamId > this.#lastServedId || this.#recentResets.has(streamId);
  }

  /** END_STREAM of ours is written. */
  #endLocal(stream: ServerStream): void {
    const remoteEnded = stream.remoteEnded;
    this.#closeStream(stream);
    if (!remoteEnded) this.#writeReset(stream.id, ErrorCode.NO_ERROR);
  }

  #closeStream(stream: ServerStream): void {
    if (stream.closed) return;
    stream.closed = true;
    stream.dropQueue();
    this.#streams.delete(stream.id);
    this.#host.streamClosed();
    this.#consumeConnection(stream.receiveWindow.unconsumed);
    if (stream.hasBody || stream.remoteEnded) this.#budgets.refund(Budget.RAPID_RESET, 1);
    this.#budgets.refund(Budget.LATE_FRAMES, 2);
    this.#budgets.refund(Budget.IGNORED_FRAMES, 2);
    if (this.#streams.size > 0) return;
    this.#idleSinceMs = this.#host.nowMs;
    if (this.#lastServedId !== MAX_WINDOW_BYTES && !this.#over) this.#end("drained");
  }

  #consumeConnection(bytes: number): void {
    if (bytes === 0) return;
    const increment = this.#receiveWindow.consume(bytes);
    if (increment === 0 || this.#over) return;
    this.#output.writeWindowUpdate(0, increment);
    this.#host.outputWritten();
  }

  #writeReset(streamId: number, code: ErrorCode): void {
    this.#recentResets.add(streamId);
    this.#output.writeReset(streamId, code);
    this.#host.outputWritten();
  }

  /** The peer broke a rule on one stream; the connection goes on as long as that is rare. */
  #streamError(streamId: number, code: ErrorCode): boolean {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#closeStream(stream);
    this.#writeReset(streamId, code);
    stream?.deliverReset(code);
    return this.#charge(Budget.PEER_MISTAKES);
  }

  #protocolError(reason: string): boolean {
    return this.fail(ErrorCode.PROTOCOL_ERROR, `protocol error: ${reason}`);
  }

  /** True as long as the session goes on. */
  #charge(budget: Budget): boolean {
    return !this.#overspent(budget) && !this.#over;
  }

  #overspent(budget: Budget): boolean {
    return this.#budgets.charge(budget) && !this.#abuse(budgetName(budget));
  }

  #abuse(name: string): boolean {
    if (this.#over) return false;
    this.#host.abuseRefused(name);
    return this.fail(ErrorCode.ENHANCE_YOUR_CALM, `abuse: ${name}`);
  }

  #end(reason: string): void {
    this.#over = true;
    this.#host.sessionEnded(reason);
  }
}
