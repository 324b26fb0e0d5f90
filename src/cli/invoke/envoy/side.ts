/**
 * One direction of an exchange in Envoy's ext_proc filter: its modes, which answer it waits for and how long, what it sends
 * to the processor, and how it ends. Source: `ext_proc/processor_state.cc`.
 *
 * What arrives for it is in arrivals.ts, what the processor answers in header-answer.ts, body-answer.ts and
 * trailer-answer.ts.
 */
import { type Chunk, joinChunks, sizeOf, sizeOfChunks } from "./chunks.ts";
import { type EventSink, HeldMessage } from "./held-message.ts";
import type { BodySendMode, EnvoyConfig, RequestPhase, Side, Verdict } from "./model.ts";

/** Which answer the direction waits for. In `streamedBody` there may be several outstanding. */
export type CallbackState = "idle" | "headers" | "bufferedBody" | "streamedBody" | "partialBody" | "trailers";

/** What a direction needs of its exchange. */
export interface SideOwner extends EventSink {
  readonly config: EnvoyConfig;
  /** No processor is asked any more: everything passes. */
  readonly processingComplete: boolean;
  /** Carries a message to the processor. */
  send(side: Side, phase: RequestPhase): void;
  verdict(verdict: Verdict, text: string): void;
  /** Envoy answers in the processor's place: 413 for requests, 500 for responses. */
  bodyTooLarge(side: Side): void;
}

export class EnvoySide {
  readonly owner: SideOwner;
  readonly side: Side;
  readonly message: HeldMessage;
  callback: CallbackState = "idle";
  bodyMode: BodySendMode;
  sendsHeaders: boolean;
  sendsTrailers: boolean;
  /** The timer that runs, in ms; null: none. */
  timerMs: number | null = null;
  /** The running timer was already replaced once. */
  timerOverridden = false;
  /** Its headers have come. */
  begun = false;
  /** A body byte of this direction has been seen: in duplex nothing can fail open any more. */
  bodyReceived = false;
  /** Chunks that were sent and not answered; in duplex nothing is kept. */
  queue: Chunk[] = [];
  /** BUFFERED_PARTIAL: the one body message was answered, the rest passes. */
  partialAnswered = false;
  /** Duplex: the processor sent its end of the body. */
  streamedEnd = false;
  #trailersSent = false;
  #overLimit = false;

  constructor(owner: SideOwner, side: Side) {
    this.owner = owner;
    this.side = side;
    this.message = new HeldMessage(owner, side);
    const mode = owner.config.processingMode;
    const isRequest = side === "request";
    this.bodyMode = isRequest ? mode.requestBodyMode : mode.responseBodyMode;
    this.sendsHeaders = (isRequest ? mode.requestHeaderMode : mode.responseHeaderMode) === "SEND";
    this.sendsTrailers = (isRequest ? mode.requestTrailerMode : mode.responseTrailerMode) === "SEND";
  }

  /** Nothing of this direction is ever sent to the processor. */
  get unprocessed(): boolean {
    return !this.sendsHeaders && this.bodyMode === "NONE" && !this.sendsTrailers;
  }

  /** Errors may be ignored: not once duplex bytes are with the processor and nowhere else. */
  get canFailOpen(): boolean {
    return this.bodyMode !== "FULL_DUPLEX_STREAMED" || !this.bodyReceived;
  }

  /** Answers still due; in duplex a body has no count. */
  get outstanding(): number {
    const headers = this.callback === "headers" ? 1 : 0;
    if (this.bodyMode === "STREAMED" && this.queue.length > 0) return this.queue.length + headers;
    return this.callback === "idle" || (this.callback === "streamedBody" && this.queue.length === 0) ? 0 : 1;
  }

  /** Back-pressure: false while more is held than the buffer limit; half of it must go before reading goes on. */
  get reads(): boolean {
    const limit = this.owner.config.bufferLimitBytes;
    const unsent = this.callback === "headers" ? sizeOf(this.message.buffered ?? []) : 0;
    const held = sizeOfChunks(this.queue) + unsent;
    if (held > limit) this.#overLimit = true;
    else if (held <= limit / 2) this.#overLimit = false;
    return !this.#overLimit;
  }

  get isBufferOverLimit(): boolean {
    return sizeOf(this.message.buffered ?? []) > this.owner.config.bufferLimitBytes;
  }

  get isQueueOverLimit(): boolean {
    return sizeOfChunks(this.queue) > this.owner.config.bufferLimitBytes;
  }

  /** Chunks go out before the header answer. */
  get sendsAhead(): boolean {
    if (this.bodyMode === "FULL_DUPLEX_STREAMED") return true;
    return this.bodyMode === "STREAMED" && this.owner.config.sendBodyWithoutWaitingForHeaderResponse;
  }

  /** The awaited answer in words. */
  get waitsFor(): string {
    return this.callback === "idle" ? "nothing" : this.callback;
  }

  /** Whether a header answer was the last message Envoy needed of this direction. */
  get lastAfterHeaders(): boolean {
    return this.message.bodiless || (this.bodyMode === "NONE" && !this.sendsTrailers);
  }

  /** Whether a body answer was. Envoy asks only in the streaming modes. */
  get lastAfterBody(): boolean {
    if (this.bodyMode !== "STREAMED" && this.bodyMode !== "FULL_DUPLEX_STREAMED") return false;
    return this.message.finished;
  }

  // Sending to the processor.

  sendHeaders(endOfStream: boolean): void {
    this.#send({ kind: "headers", fields: this.message.fields, endOfStream }, "headers");
  }

  sendChunk(bytes: Uint8Array, endOfStream: boolean): void {
    this.#send({ kind: "body", bytes, endOfStream }, this.callback === "headers" ? "headers" : "streamedBody");
  }

  sendBuffered(endOfStream: boolean): void {
    this.#send({ kind: "body", bytes: this.message.bufferedBytes, endOfStream }, "bufferedBody");
  }

  sendPartial(endOfStream: boolean): void {
    const { bytes } = joinChunks(this.queue);
    this.queue = [{ bytes, endOfStream }];
    this.#send({ kind: "body", bytes, endOfStream }, "partialBody");
  }

  sendTrailers(): void {
    const { trailers } = this.message;
    if (trailers === null || this.#trailersSent) return;
    this.#trailersSent = true;
    this.#send({ kind: "trailers", fields: trailers }, this.callback === "idle" ? "trailers" : this.callback);
  }

  #send(phase: RequestPhase, callback: CallbackState): void {
    this.callback = callback;
    if (this.bodyMode !== "FULL_DUPLEX_STREAMED") this.timerMs = this.owner.config.messageTimeoutMs;
    this.timerOverridden = false;
    this.owner.send(this.side, phase);
  }

  /** An answer has come: from here on the direction waits for `next`. */
  awaitNext(next: CallbackState): void {
    this.timerMs = null;
    this.callback = next;
  }

  // Ends.

  /** No answer is awaited any more: what is held goes on as it is. Duplex bytes are gone. */
  release(): void {
    const { message } = this;
    if (message.abandoned) return;
    const bytesAway = this.bodyMode === "FULL_DUPLEX_STREAMED" && this.bodyReceived;
    if (bytesAway && !message.finished && !this.streamedEnd && !this.#trailersSent) {
      this.owner.verdict("lostBytes", `the ${this.side} body was with the processor only`);
    }
    this.awaitNext("idle");
    const queue = this.queue;
    this.queue = [];
    if (queue.length > 0) {
      const { bytes, endOfStream } = joinChunks(queue);
      message.forwardBody(bytes, endOfStream);
    }
    message.continue();
  }

  /** The direction is over without having gone on: a local reply took its place. */
  drop(): void {
    this.callback = "idle";
    this.abandon();
  }

  /** As `drop`, but what was sent to the processor may still be answered: that is taken, nothing goes on. */
  abandon(): void {
    this.timerMs = null;
    this.message.abandon();
    this.queue = [];
  }
}
