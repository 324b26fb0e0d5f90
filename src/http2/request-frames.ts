/** HEADERS, CONTINUATION and DATA: how requests begin, go on and end (RFC 9113 sections 6.1, 6.2, 6.10 and 8.1). */
import { Budget, CONTINUATION_FLOOD, HEADER_BOMB } from "./abuse-budget.ts";
import { byteAt, uint31At } from "./bytes.ts";
import { ErrorCode, type FieldLines } from "./contract.ts";
import { FrameFlag } from "./frame-header.ts";
import { HeaderBlock } from "./header-block.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { contentLength, isRequest, isTrailers } from "./request-fields.ts";
import type { Session } from "./session.ts";
import { DEFAULT_HEADER_TABLE_BYTES } from "./settings.ts";
import type { ServerStream } from "./stream.ts";

const PRIORITY_BYTES = 5;

/** All methods return false when the session is over and nothing more is to be read. */
export class RequestFrames {
  readonly #session: Session;
  readonly #decoder: HpackDecoder;
  #block: HeaderBlock | null = null;

  constructor(session: Session) {
    this.#session = session;
    this.#decoder = new HpackDecoder(DEFAULT_HEADER_TABLE_BYTES, session.limits.maxHeaderListBytes);
  }

  /** The stream whose header block is unfinished; 0 = none. Nothing but its CONTINUATION may come. */
  get unfinishedStreamId(): number {
    return this.#block === null ? 0 : this.#block.streamId;
  }

  onData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    const length = end - start;
    if (!session.receiveWindow.take(length)) {
      return session.fail(ErrorCode.FLOW_CONTROL_ERROR, "the connection's window is exceeded");
    }
    if ((flags & FrameFlag.PADDED) !== 0) {
      end -= length === 0 ? 1 : byteAt(bytes, start++);
      if (end < start) return session.protocolError("padding exceeds its frame");
    }
    const stream = session.streams.get(streamId);
    if (stream === undefined) return this.#onDataWithoutStream(streamId, length);
    if (stream.remoteEnded || !stream.receiveWindow.take(length)) {
      session.consumeConnection(length);
      return session.streamError(streamId, stream.remoteEnded ? ErrorCode.STREAM_CLOSED : ErrorCode.FLOW_CONTROL_ERROR);
    }
    const body = end - start;
    if (body < length) session.streamConsumed(stream, length - body);
    const endStream = (flags & FrameFlag.END_STREAM) !== 0;
    if (body > 0) {
      stream.hasBody = true;
      if (!countBody(stream, body)) return session.streamError(streamId, ErrorCode.PROTOCOL_ERROR);
      if (!stream.deliverData(bytes, start, end)) session.chunkIsKept = true;
      session.refillConnection();
    } else if (!endStream && !session.charge(Budget.EMPTY_DATA)) {
      return false;
    }
    // The handler may have ended the stream.
    if (endStream && !stream.closed) return this.#endRequest(stream, null);
    return !session.isOver;
  }

  #onDataWithoutStream(streamId: number, length: number): boolean {
    const session = this.#session;
    if (session.streams.isIdle(streamId)) return session.protocolError("DATA for an idle stream");
    session.consumeConnection(length);
    if (session.streams.isAbandoned(streamId)) return true;
    return session.streamError(streamId, ErrorCode.STREAM_CLOSED);
  }

  onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const session = this.#session;
    if ((streamId & 1) === 0) return session.protocolError("HEADERS for a stream a client cannot open");
    if ((flags & FrameFlag.PADDED) !== 0) {
      end -= start === end ? 1 : byteAt(bytes, start++);
      if (end < start) return session.protocolError("padding exceeds its frame");
    }
    let selfDependent = false;
    if ((flags & FrameFlag.PRIORITY) !== 0) {
      if (end - start < PRIORITY_BYTES) {
        return session.fail(ErrorCode.FRAME_SIZE_ERROR, "HEADERS too short for its priority");
      }
      selfDependent = uint31At(bytes, start) === streamId;
      start += PRIORITY_BYTES;
    }
    const endStream = (flags & FrameFlag.END_STREAM) !== 0;
    if ((flags & FrameFlag.END_HEADERS) !== 0) {
      return this.#onBlock(streamId, endStream, selfDependent, bytes, start, end);
    }
    this.#block = new HeaderBlock(streamId, endStream, selfDependent, session.limits.maxHeaderListBytes);
    return this.#block.add(bytes, start, end) || session.abuse(CONTINUATION_FLOOD);
  }

  onContinuation(flags: number, bytes: Buffer, start: number, end: number): boolean {
    const block = this.#block;
    if (block === null) return this.#session.protocolError("CONTINUATION without HEADERS");
    if (!block.add(bytes, start, end)) return this.#session.abuse(CONTINUATION_FLOOD);
    if ((flags & FrameFlag.END_HEADERS) === 0) return true;
    this.#block = null;
    const joined = block.join();
    return this.#onBlock(block.streamId, block.endStream, block.selfDependent, joined, 0, joined.length);
  }

  #onBlock(
    streamId: number,
    endStream: boolean,
    selfDependent: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    const session = this.#session;
    const { streams } = session;
    // Decoded whatever becomes of the stream: the table is shared by all.
    const outcome = this.#decoder.decode(bytes, start, end);
    if (outcome === "malformed") return session.fail(ErrorCode.COMPRESSION_ERROR, "a header block cannot be decoded");
    if (outcome === "bomb") return session.abuse(HEADER_BOMB);
    const stream = streams.get(streamId);
    if (stream !== undefined) return this.#onTrailers(stream, endStream, outcome === "ok");
    if (streamId <= streams.lastId) {
      return streams.isAbandoned(streamId) || session.fail(ErrorCode.STREAM_CLOSED, "HEADERS for a closed stream");
    }
    streams.noteOpened(streamId);
    if (streams.isTooLate(streamId)) return true;
    if (session.isFull) return session.refuseStream(streamId);
    if (outcome === "too-large") return session.refuseHeaders(streamId);
    const { fields, shape } = this.#decoder;
    const expectedBytes = contentLength(shape, fields);
    const isWellFormed = isRequest(shape, fields) && !Number.isNaN(expectedBytes) && !(endStream && expectedBytes > 0);
    if (selfDependent || !isWellFormed) return session.streamError(streamId, ErrorCode.PROTOCOL_ERROR);
    session.acceptStream(streamId, fields, endStream, expectedBytes);
    return !session.isOver;
  }

  #onTrailers(stream: ServerStream, endStream: boolean, complete: boolean): boolean {
    if (stream.remoteEnded) return this.#session.streamError(stream.id, ErrorCode.STREAM_CLOSED);
    if (!endStream || !complete || !isTrailers(this.#decoder.shape)) {
      return this.#session.streamError(stream.id, ErrorCode.PROTOCOL_ERROR);
    }
    return this.#endRequest(stream, this.#decoder.fields);
  }

  #endRequest(stream: ServerStream, trailers: FieldLines | null): boolean {
    if (stream.expectedBytes > 0) return this.#session.streamError(stream.id, ErrorCode.PROTOCOL_ERROR);
    stream.remoteEnded = true;
    stream.deliverEnd(trailers);
    return !this.#session.isOver;
  }
}

/** Counts body bytes against the content-length; false when there are too many. */
function countBody(stream: ServerStream, bytes: number): boolean {
  if (stream.expectedBytes === -1) return true;
  stream.expectedBytes -= bytes;
  return stream.expectedBytes >= 0;
}
