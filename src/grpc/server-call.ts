/**
 * One call on one HTTP/2 stream: the stream's handler below and the `ServerCall` of its service above. It owns the order
 * of things: headers before messages, messages before the status, nothing after the end.
 */
import { ErrorCode, type FieldLines, type Http2Stream, type Http2StreamHandler } from "../http2/contract.ts";
import { WireError } from "../protobuf/wire-error.ts";
import { StatusCode, type CallMetadata, type CallReceiver, type GrpcMethod } from "./contract.ts";
import type { Frames, MessageParts, GrpcObserver, GrpcStatus, ServerCall } from "./contract.ts";
import { decodeMessage, type MessageCoding } from "./message-coding.ts";
import { frameMessage, isFramedByCopy, messagePrefix } from "./message-frame.ts";
import { MessageReader, type MessageSink } from "./message-reader.ts";
import { encodeMetadata, ReceivedMetadata, type MetadataEntries } from "./metadata.ts";
import { RESPONSE_FIELDS, statusTrailers, trailersOnly } from "./status-fields.ts";

/** The longest delay a timer takes; a deadline beyond it is none. */
const MAX_TIMER_MS = 0x7fff_ffff;

const SERVICE_FAILED = "internal error of the service";

/** What all calls of a server share. */
export interface CallLimits {
  readonly maxMessageBytes: number;
  readonly observer: GrpcObserver | undefined;
}

export class GrpcCall implements ServerCall, Http2StreamHandler, MessageSink {
  readonly path: string;
  readonly #stream: Http2Stream;
  readonly #fields: FieldLines;
  readonly #limits: CallLimits;
  readonly #coding: MessageCoding | null;
  readonly #reader: MessageReader = new MessageReader(this);
  #receiver: CallReceiver | null = null;
  #metadata: CallMetadata | null = null;
  #controller: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Why the peer does not hear us any more; null while it does. */
  #cancelReason: string | null = null;
  /** Takes the message that is arriving. */
  #parts: MessageParts | null = null;
  #headersSent = false;
  #ended = false;
  #paused = false;
  /** Received while paused, not yet given back to the peer's windows. */
  #unconsumedBytes = 0;

  constructor(path: string, stream: Http2Stream, fields: FieldLines, coding: MessageCoding | null, limits: CallLimits) {
    this.path = path;
    this.#stream = stream;
    this.#fields = fields;
    this.#coding = coding;
    this.#limits = limits;
  }

  /** Starts the call. `timeoutMs` null = no deadline. */
  open(method: GrpcMethod, timeoutMs: number | null, endStream: boolean): void {
    this.#limits.observer?.callOpened(this.path);
    if (timeoutMs !== null) {
      if (timeoutMs <= 0) return this.expire();
      if (timeoutMs <= MAX_TIMER_MS) this.#timer = setTimeout(expire, timeoutMs, this);
    }
    try {
      this.#receiver = method.open(this);
    } catch (error) {
      return this.#receiverThrew(error);
    }
    if (endStream) this.onEnd();
  }

  // ServerCall

  get metadata(): CallMetadata {
    return (this.#metadata ??= new ReceivedMetadata(this.#fields));
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#cancelReason !== null) this.#controller.abort(new Error(this.#cancelReason));
    }
    return this.#controller.signal;
  }

  get ended(): boolean {
    return this.#ended;
  }

  sendMetadata(entries: MetadataEntries): void {
    if (this.#ended || this.#headersSent) return;
    const fields = [...RESPONSE_FIELDS, ...encodeMetadata(entries)];
    this.#headersSent = true;
    this.#stream.sendHeaders(fields, false);
  }

  send(message: Uint8Array): boolean {
    if (isFramedByCopy(message.length)) return this.sendFramed(frameMessage(message));
    return this.sendFramed({ head: messagePrefix(message.length), body: message });
  }

  sendFramed(frames: Frames): boolean {
    if (this.#ended) return true;
    if (!this.#headersSent) {
      this.#headersSent = true;
      this.#stream.sendHeaders(RESPONSE_FIELDS, false);
    }
    if (frames instanceof Uint8Array) this.#stream.sendData(frames, false);
    else {
      this.#stream.sendData(frames.head, false);
      if (frames.body instanceof Uint8Array) this.#stream.sendData(frames.body, false);
      else for (const piece of frames.body) this.#stream.sendData(piece, false);
    }
    return this.#stream.queuedBytes === 0;
  }

  end(status: GrpcStatus): void {
    if (this.#ended) return;
    if (this.#headersSent) {
      const trailers = statusTrailers(status);
      this.#finish(status.code);
      this.#stream.sendTrailers(trailers);
    } else {
      const fields = trailersOnly(status);
      this.#finish(status.code);
      this.#stream.sendHeaders(fields, true);
    }
  }

  fail(error: unknown): void {
    this.#limits.observer?.receiverFailed(this.path, error);
    this.end({ code: StatusCode.INTERNAL, message: SERVICE_FAILED });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const bytes = this.#unconsumedBytes;
    this.#unconsumedBytes = 0;
    if (bytes > 0) this.#stream.consume(bytes);
  }

  // Http2StreamHandler

  onData(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#ended) return true;
    const isDone = this.#reader.push(bytes, start, end);
    if (this.#paused) this.#unconsumedBytes += end - start;
    else this.#stream.consume(end - start);
    return isDone;
  }

  onEnd(): void {
    if (this.#ended) return;
    if (this.#reader.midMessage) {
      return this.#cancel(StatusCode.INTERNAL, "the request ended inside a message");
    }
    try {
      this.#receiver?.onHalfClose();
    } catch (error) {
      this.#receiverThrew(error);
    }
  }

  onReset(code: ErrorCode): void {
    if (this.#ended) return;
    this.#finish(StatusCode.CANCELLED);
    this.#tellCancelled(code === ErrorCode.CANCEL ? "cancelled by the client" : `stream reset with code ${code}`);
  }

  onWritable(): void {
    if (this.#ended) return;
    try {
      this.#receiver?.onWritable();
    } catch (error) {
      this.#receiverThrew(error);
    }
  }

  // MessageSink

  acceptMessage(flag: number, length: number): boolean {
    if (flag !== 0 && (flag !== 1 || this.#coding === null)) {
      const message = flag === 1 ? "compressed message without grpc-encoding" : `invalid message flag ${flag}`;
      this.#cancel(StatusCode.INTERNAL, message);
      return false;
    }
    if (length <= this.#limits.maxMessageBytes) return true;
    this.#refuseOversized(length);
    return false;
  }

  takesParts(flag: number, length: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (flag !== 0) return false; // decoded whole
    try {
      this.#parts = this.#receiver?.onLongMessage?.(bytes, start, end, length) ?? null;
    } catch (error) {
      this.#receiverThrew(error);
    }
    return this.#parts !== null;
  }

  takePart(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    const parts = this.#parts;
    if (isLast) this.#parts = null;
    try {
      return parts === null || parts.onPart(bytes, start, end, isLast);
    } catch (error) {
      this.#receiverThrew(error);
      return false;
    }
  }

  takeMessage(flag: number, bytes: Uint8Array, start: number, end: number): void {
    const coding = this.#coding;
    if (flag === 0 || coding === null) return this.#deliver(bytes, start, end);
    const plain = this.#decode(coding, bytes.subarray(start, end));
    if (plain !== null) this.#deliver(plain, 0, plain.length);
  }

  #deliver(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#receiver?.onMessage(bytes, start, end);
    } catch (error) {
      this.#receiverThrew(error);
    }
  }

  /** Null when the call or the receiver was told that the message is none. */
  #decode(coding: MessageCoding, encoded: Uint8Array): Uint8Array | null {
    const decoded = decodeMessage(coding, encoded, this.#limits.maxMessageBytes);
    if (decoded.kind === "message") return decoded.message;
    if (decoded.kind === "too-long") this.#refuseOversized(this.#limits.maxMessageBytes + 1);
    else this.#cancel(StatusCode.INTERNAL, `a message is not ${coding}`);
    return null;
  }

  #refuseOversized(bytes: number): void {
    try {
      if (this.#receiver?.onOversizedMessage?.(bytes) === true) return;
    } catch (error) {
      return this.#receiverThrew(error);
    }
    const limit = this.#limits.maxMessageBytes;
    this.#cancel(StatusCode.RESOURCE_EXHAUSTED, `message of ${bytes} bytes is longer than the limit of ${limit}`);
  }

  /** The deadline has passed. */
  expire(): void {
    this.#cancel(StatusCode.DEADLINE_EXCEEDED, "deadline exceeded");
  }

  /** A message that is no protobuf message is the client's fault, everything else ours. */
  #receiverThrew(error: unknown): void {
    if (error instanceof WireError) return this.#cancel(StatusCode.INTERNAL, error.message);
    this.#limits.observer?.receiverFailed(this.path, error);
    this.#cancel(StatusCode.INTERNAL, SERVICE_FAILED);
  }

  /** Ends the call with a verdict of ours that the service does not know of. */
  #cancel(code: StatusCode, message: string): void {
    if (this.#ended) return;
    this.end({ code, message });
    this.#tellCancelled(message);
  }

  #tellCancelled(reason: string): void {
    this.#cancelReason = reason;
    this.#controller?.abort(new Error(reason));
    try {
      this.#receiver?.onCancel(reason);
    } catch (error) {
      this.#limits.observer?.receiverFailed(this.path, error);
    }
  }

  #finish(code: number): void {
    this.#ended = true;
    this.#reader.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#limits.observer?.callEnded(this.path, code);
  }
}

function expire(call: GrpcCall): void {
  call.expire();
}
