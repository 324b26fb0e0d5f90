/**
 * One direction of an exchange in Envoy's ext_proc filter: which answer it waits for, what it holds back meanwhile, and
 * what an answer lets go. Source: `ext_proc/processor_state.cc`.
 *
 * What is held: the headers until the processor (and in the buffered modes the body's answer) lets them go, body bytes that
 * wait for the header answer or are collected (`#buffered`), chunks that were sent and not answered (`#queue`; in duplex
 * nothing is kept), trailers.
 */
import type {
  BodyMutation,
  BodySendMode,
  CommonResponse,
  EnvoyConfig,
  EnvoyEvent,
  HeaderField,
  HeaderFields,
  HeaderMutation,
  RequestPhase,
  Side,
  Verdict,
} from "./envoy-model.ts";
import { applyHeaderMutation } from "./header-mutation.ts";

/** Which answer the direction waits for. In `streamedBody` there may be several outstanding. */
export type CallbackState = "idle" | "headers" | "bufferedBody" | "streamedBody" | "partialBody" | "trailers";

/** What a direction needs of its exchange. */
export interface SideOwner {
  readonly config: EnvoyConfig;
  /** No processor is asked any more: everything passes. */
  readonly processingComplete: boolean;
  /** `override_message_timeout` in place of `messageTimeoutMs`; carries the message to the processor. */
  send(side: Side, phase: RequestPhase): void;
  emit(event: EnvoyEvent): void;
  verdict(verdict: Verdict, text: string): void;
  /** Envoy answers in the processor's place: 413 for requests, 500 for responses. */
  bodyTooLarge(side: Side): void;
}

/** How an answer went: fine, out of place, or bad in itself. */
export type AnswerResult =
  | { readonly kind: "ok" }
  | { readonly kind: "spurious"; readonly text: string }
  | { readonly kind: "error"; readonly verdict: Verdict; readonly text: string };

interface Chunk {
  readonly bytes: Uint8Array;
  readonly endOfStream: boolean;
}

const OK: AnswerResult = { kind: "ok" };

export class EnvoySide {
  readonly side: Side;
  callback: CallbackState = "idle";
  bodyMode: BodySendMode;
  sendsHeaders: boolean;
  sendsTrailers: boolean;
  /** The timer that runs, in ms; null: none. */
  timerMs: number | null = null;
  /** The running timer was already replaced once. */
  timerOverridden = false;
  /** The last part of the message has gone on. */
  finished = false;
  /** Its headers have come. */
  begun = false;
  /** Something else took the message's place: answers are still taken, nothing goes on. */
  abandoned = false;
  /** A body byte of this direction has been seen: in duplex nothing can fail open any more. */
  bodyReceived = false;
  readonly #owner: SideOwner;
  #fields: HeaderFields = [];
  /** The headers were sent to the processor and their map can still be changed. */
  #mutable = false;
  #headersForwarded = false;
  /** The filter stopped the iteration: held parts wait for `continue`. */
  #paused = false;
  #bodiless = false;
  /** All of the body has arrived: by its end or by trailers. */
  #bodyComplete = false;
  #bodyReplaced = false;
  #partialAnswered = false;
  #buffered: Uint8Array[] | null = null;
  #queue: Chunk[] = [];
  #trailers: HeaderFields | null = null;
  #trailersSent = false;
  /** Duplex: the processor sent its end of the body. */
  #streamedEnd = false;
  #headersAnswered = false;

  constructor(owner: SideOwner, side: Side) {
    this.#owner = owner;
    this.side = side;
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
    if (this.bodyMode === "STREAMED" && this.#queue.length > 0) return this.#queue.length + headers;
    return this.callback === "idle" || (this.callback === "streamedBody" && this.#queue.length === 0) ? 0 : 1;
  }

  /** Back-pressure: false while more is held than the buffer limit; half of it must go before reading goes on. */
  get reads(): boolean {
    const limit = this.#owner.config.bufferLimitBytes;
    const held =
      size(this.#queue.map(({ bytes }) => bytes)) + (this.callback === "headers" ? size(this.#buffered ?? []) : 0);
    if (held > limit) this.#overLimit = true;
    else if (held <= limit / 2) this.#overLimit = false;
    return !this.#overLimit;
  }
  #overLimit = false;

  // What client or upstream sends.

  headers(fields: HeaderFields, endOfStream: boolean): void {
    if (this.abandoned) return;
    this.begun = true;
    this.#fields = fields;
    this.#bodiless = endOfStream;
    this.#bodyComplete = endOfStream;
    if (this.#owner.processingComplete || !this.sendsHeaders) {
      if (!this.#owner.processingComplete) this.#dropContentLength();
      this.#forwardHeaders(endOfStream);
      return;
    }
    this.#mutable = true;
    this.#paused = true;
    this.#send({ kind: "headers", fields, endOfStream }, "headers");
    this.#dropContentLength();
  }

  body(bytes: Uint8Array, endOfStream: boolean): void {
    if (this.abandoned) return;
    this.bodyReceived = true;
    if (endOfStream) this.#bodyComplete = true;
    if (this.#bodyReplaced) {
      if (endOfStream) this.#forwardBody(bytes.subarray(0, 0), true);
      return;
    }
    if (this.#owner.processingComplete) return this.#passBody(bytes, endOfStream);
    if (this.callback === "headers" && !this.#sendsAhead) {
      (this.#buffered ??= []).push(bytes);
      if (this.bodyMode === "BUFFERED" && this.#overBufferLimit()) this.#owner.bodyTooLarge(this.side);
      return;
    }
    switch (this.bodyMode) {
      case "NONE":
        return this.#passBody(bytes, endOfStream);
      case "BUFFERED":
        (this.#buffered ??= []).push(bytes);
        this.#paused = true;
        if (endOfStream) this.#sendBuffered(true);
        else if (this.#overBufferLimit()) this.#owner.bodyTooLarge(this.side);
        return;
      case "BUFFERED_PARTIAL":
        return this.#partialBody({ bytes, endOfStream });
      case "STREAMED":
        this.#queue.push({ bytes, endOfStream });
        if (endOfStream) this.#paused = true;
        return this.#sendChunk(bytes, endOfStream);
      case "FULL_DUPLEX_STREAMED":
        if (endOfStream) this.#paused = true;
        return this.#sendChunk(bytes, endOfStream);
    }
  }

  trailers(fields: HeaderFields): void {
    if (this.abandoned) return;
    const bodyWasComplete = this.#bodyComplete;
    this.#bodyComplete = true;
    this.#trailers = fields;
    if (this.#owner.processingComplete) {
      this.#paused = true;
      return this.continue();
    }
    this.#paused = true;
    if (this.callback !== "idle" && this.bodyMode !== "FULL_DUPLEX_STREAMED") return; // held until it is answered
    if (!bodyWasComplete && this.bodyMode === "BUFFERED" && this.#buffered !== null) return this.#sendBuffered(false);
    if (!bodyWasComplete && this.bodyMode === "BUFFERED_PARTIAL" && this.#queue.length > 0)
      return this.#sendPartial(false);
    if (this.sendsTrailers) this.#sendTrailers();
    else this.continue();
  }

  // What the processor answers.

  headersAnswer(common: CommonResponse): AnswerResult {
    if (this.abandoned) return this.#acceptUnused("headers");
    if (this.callback !== "headers") return spurious(`a header answer while waiting for ${this.#waitsFor}`);
    const replaces = common.status === "CONTINUE_AND_REPLACE";
    const failure = this.#mutateHeaders(common.headerMutation, replaces);
    if (failure !== null) return failure;
    this.#clearRouteCache(common);
    this.#headersAnswered = true;
    this.#stopTimer();
    if (replaces) {
      this.#replaceMessage(common.bodyMutation);
      return OK;
    }
    if (common.bodyMutation !== null)
      this.#owner.verdict("ignored", "body_mutation in a header answer without CONTINUE_AND_REPLACE");
    this.callback = this.#afterHeaders();
    this.#goOnAfterHeaders();
    return OK;
  }

  bodyAnswer(common: CommonResponse): AnswerResult {
    if (this.abandoned) return this.#acceptUnused("bufferedBody", "partialBody", "streamedBody");
    switch (this.callback) {
      case "bufferedBody":
        return this.#bufferedAnswer(common);
      case "partialBody":
        return this.#partialAnswer(common);
      case "streamedBody":
        return this.bodyMode === "FULL_DUPLEX_STREAMED" ? this.#duplexAnswer(common) : this.#chunkAnswer(common);
      default:
        return spurious(`a body answer while waiting for ${this.#waitsFor}`);
    }
  }

  trailersAnswer(mutation: HeaderMutation | null): AnswerResult {
    if (this.abandoned) return this.#acceptUnused("trailers");
    const duplex = this.bodyMode === "FULL_DUPLEX_STREAMED";
    if (this.callback !== "trailers" && !duplex)
      return spurious(`a trailer answer while waiting for ${this.#waitsFor}`);
    if (duplex && (this.callback === "headers" || this.#trailers === null || this.#streamedEnd)) {
      this.#owner.verdict(
        "brokenEnd",
        "a trailer answer before the headers were answered, without trailers or after the end of the body",
      );
    }
    if (mutation !== null && this.#trailers !== null) {
      const outcome = applyHeaderMutation(this.#trailers, mutation, this.#mutationOptions(false));
      if (outcome.error !== null) return { kind: "error", verdict: "mutationError", text: outcome.error };
      this.#reportRejected(outcome.rejected);
      this.#trailers = outcome.fields;
    }
    this.#stopTimer();
    this.callback = "idle";
    this.continue();
    return OK;
  }

  #acceptUnused(...expected: CallbackState[]): AnswerResult {
    if (!expected.includes(this.callback)) return spurious(`an answer while waiting for ${this.#waitsFor}`);
    if (this.callback !== "streamedBody") this.callback = "idle";
    return OK;
  }

  // Ends.

  /** No answer is awaited any more: what is held goes on as it is. Duplex bytes are gone. */
  release(): void {
    if (this.abandoned) return;
    if (
      this.bodyMode === "FULL_DUPLEX_STREAMED" &&
      this.bodyReceived &&
      !this.finished &&
      !this.#streamedEnd &&
      !this.#trailersSent
    ) {
      this.#owner.verdict("lostBytes", `the ${this.side} body was with the processor only`);
    }
    this.#stopTimer();
    this.callback = "idle";
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length > 0)
      this.#forwardBody(concat(queue.map(({ bytes }) => bytes)), queue.at(-1)?.endOfStream === true);
    this.continue();
  }

  /** The direction is over without having gone on: a local reply took its place. */
  drop(): void {
    this.callback = "idle";
    this.abandon();
  }

  /** As `drop`, but what was sent to the processor may still be answered. */
  abandon(): void {
    this.#stopTimer();
    this.abandoned = true;
    this.finished = true;
    this.#queue = [];
    this.#buffered = null;
  }

  /** Whether a header answer was the last message Envoy needed of this direction. */
  get lastAfterHeaders(): boolean {
    return this.#bodiless || (this.bodyMode === "NONE" && !this.sendsTrailers);
  }

  /** Whether a body answer was. Envoy asks only in the streaming modes. */
  get lastAfterBody(): boolean {
    if (this.bodyMode !== "STREAMED" && this.bodyMode !== "FULL_DUPLEX_STREAMED") return false;
    return this.finished;
  }

  /** Starts the request's part of a streamed immediate response: the request goes nowhere. */
  get canStreamImmediate(): boolean {
    return this.callback === "headers";
  }

  takeHeadersForImmediate(): void {
    this.#stopTimer();
    this.callback = "idle";
  }

  get headersForwarded(): boolean {
    return this.#headersForwarded;
  }

  // Sending to the processor.

  /** Chunks go out before the header answer. */
  get #sendsAhead(): boolean {
    if (this.bodyMode === "FULL_DUPLEX_STREAMED") return true;
    return this.bodyMode === "STREAMED" && this.#owner.config.sendBodyWithoutWaitingForHeaderResponse;
  }

  #send(phase: RequestPhase, callback: CallbackState): void {
    this.callback = callback;
    if (this.bodyMode !== "FULL_DUPLEX_STREAMED") this.timerMs = this.#owner.config.messageTimeoutMs;
    this.timerOverridden = false;
    this.#owner.send(this.side, phase);
  }

  #sendChunk(bytes: Uint8Array, endOfStream: boolean): void {
    this.#send({ kind: "body", bytes, endOfStream }, this.callback === "headers" ? "headers" : "streamedBody");
  }

  #sendBuffered(endOfStream: boolean): void {
    this.#send({ kind: "body", bytes: concat(this.#buffered ?? []), endOfStream }, "bufferedBody");
  }

  #partialBody(chunk: Chunk): void {
    if (this.#partialAnswered) {
      this.#mutable = false;
      return this.#passBody(chunk.bytes, chunk.endOfStream);
    }
    this.#queue.push(chunk);
    this.#paused = true;
    if (this.callback === "partialBody") return;
    if (chunk.endOfStream || this.#queueOverLimit()) this.#sendPartial(chunk.endOfStream);
  }

  #sendPartial(endOfStream: boolean): void {
    const bytes = concat(this.#queue.map((chunk) => chunk.bytes));
    this.#queue = [{ bytes, endOfStream }];
    this.#send({ kind: "body", bytes, endOfStream }, "partialBody");
  }

  #sendTrailers(): void {
    if (this.#trailers === null || this.#trailersSent) return;
    this.#trailersSent = true;
    this.#send({ kind: "trailers", fields: this.#trailers }, this.callback === "idle" ? "trailers" : this.callback);
  }

  // Answers to headers.

  #afterHeaders(): CallbackState {
    if (this.bodyMode === "STREAMED" && this.#sendsAhead && this.#queue.length > 0) return "streamedBody";
    if (this.bodyMode !== "FULL_DUPLEX_STREAMED") return "idle";
    if (this.bodyReceived) return "streamedBody";
    return this.#trailers === null ? "idle" : "trailers";
  }

  #goOnAfterHeaders(): void {
    if (this.#bodiless || this.bodyMode === "NONE") return this.#finishHeaders();
    if (this.bodyMode === "FULL_DUPLEX_STREAMED" && !this.#bodyComplete) return this.#unpark();
    if (this.#bodyComplete) {
      if (this.callback !== "idle") return; // the answers to what was sent let it go on
      // The whole body came before the header answer: one message in every mode, answered like a BUFFERED one.
      if (this.#buffered !== null) return this.#sendBuffered(this.#trailers === null);
      return this.#finishHeaders();
    }
    if (this.bodyMode === "BUFFERED") return;
    const bytes = this.#buffered === null ? null : concat(this.#buffered);
    this.#buffered = null;
    if (this.bodyMode === "STREAMED") {
      if (bytes !== null) {
        this.#queue.push({ bytes, endOfStream: false });
        this.#sendChunk(bytes, false);
      }
      return this.#unpark();
    }
    if (bytes !== null) this.#queue.push({ bytes, endOfStream: false });
    if (this.#queueOverLimit()) this.#sendPartial(false);
  }

  #finishHeaders(): void {
    if (this.sendsTrailers && this.#trailers !== null) return this.#sendTrailers();
    this.#mutable = false;
    this.continue();
  }

  /** 1.40 keeps headers back until the first body answer. */
  #unpark(): void {
    if (this.#owner.config.version !== "1.40") this.continue();
  }

  /** CONTINUE_AND_REPLACE: nothing more of this direction is sent to the processor. */
  #replaceMessage(mutation: BodyMutation | null): void {
    if (mutation !== null) {
      this.#fields = this.#fields.filter(([name]) => name !== "content-length");
      this.#bodyReplaced = true;
      this.#bodiless = false;
      this.#buffered = [mutated(mutation, concat(this.#buffered ?? []))];
    } else if (this.#queue.length > 0 || (this.bodyMode === "FULL_DUPLEX_STREAMED" && this.bodyReceived)) {
      this.#owner.verdict("lostBytes", "CONTINUE_AND_REPLACE threw away chunks that had been sent");
    }
    this.#queue = [];
    this.callback = "idle";
    this.bodyMode = "NONE";
    this.sendsTrailers = false;
    this.#mutable = false;
    this.continue();
  }

  // Answers to bodies.

  #bufferedAnswer(common: CommonResponse): AnswerResult {
    const failure = this.#mutateHeaders(common.headerMutation, false);
    if (failure !== null) return failure;
    const { bodyMutation } = common;
    if (bodyMutation !== null) {
      const length = this.#fields.find(([name]) => name === "content-length")?.[1];
      const given = bodyMutation.kind === "body" ? bodyMutation.bytes.length : 0;
      if (this.#mutable && length !== undefined && Number(length) !== given) {
        const text = `mismatch between content length and the length of the mutated body (${length}, ${given})`;
        return { kind: "error", verdict: "contentLengthMismatch", text };
      }
      this.#buffered = [mutated(bodyMutation, concat(this.#buffered ?? []))];
    }
    this.#clearRouteCache(common);
    this.#stopTimer();
    this.callback = "idle";
    this.#finishBody(true);
    return OK;
  }

  #partialAnswer(common: CommonResponse): AnswerResult {
    const [first, ...rest] = this.#queue;
    if (first === undefined) return spurious("a body answer without a body");
    const failure = this.#mutateHeaders(common.headerMutation, false);
    if (failure !== null) return failure;
    this.#clearRouteCache(common);
    this.#queue = [];
    this.#stopTimer();
    this.callback = "idle";
    this.#partialAnswered = true;
    const bytes = common.bodyMutation === null ? first.bytes : mutated(common.bodyMutation, first.bytes);
    if (bytes.length > 0 || first.endOfStream) this.#forwardBody(bytes, first.endOfStream);
    if (rest.length > 0) this.#forwardBody(concat(rest.map((chunk) => chunk.bytes)), rest.at(-1)?.endOfStream === true);
    this.#finishBody(true);
    return OK;
  }

  #chunkAnswer(common: CommonResponse): AnswerResult {
    if (common.bodyMutation?.kind === "streamed") return spurious("streamed_response outside FULL_DUPLEX_STREAMED");
    if (common.headerMutation !== null) this.#owner.verdict("ignored", "header_mutation in the answer to a chunk");
    const chunk = this.#queue.shift();
    if (chunk === undefined) return spurious("a body answer without an unanswered chunk");
    this.#clearRouteCache(common);
    const bytes = common.bodyMutation === null ? chunk.bytes : mutated(common.bodyMutation, chunk.bytes);
    this.#stopTimer();
    this.callback = this.#queue.length === 0 ? "idle" : "streamedBody";
    this.#forwardBody(bytes, chunk.endOfStream);
    this.#finishBody(chunk.endOfStream);
    return OK;
  }

  #duplexAnswer(common: CommonResponse): AnswerResult {
    if (common.bodyMutation?.kind !== "streamed")
      return spurious("a body answer without streamed_response in FULL_DUPLEX_STREAMED");
    if (common.headerMutation !== null) this.#owner.verdict("ignored", "header_mutation in a streamed body answer");
    const { bytes, endOfStream } = common.bodyMutation;
    if (this.#streamedEnd) this.#owner.verdict("brokenEnd", "body bytes after the end of the body");
    if (endOfStream && (!this.#bodyComplete || this.#trailers !== null)) {
      this.#owner.verdict("brokenEnd", "an end of the body that is not the message's");
    }
    this.#stopTimer();
    this.callback = endOfStream ? "idle" : "streamedBody";
    this.#streamedEnd ||= endOfStream;
    this.#forwardBody(bytes, endOfStream);
    this.#finishBody(endOfStream);
    return OK;
  }

  #finishBody(goOn: boolean): void {
    this.#mutable = false;
    if (this.sendsTrailers && this.#trailers !== null && this.#queue.length === 0) this.#sendTrailers();
    else if (goOn || (this.#trailers !== null && this.#queue.length === 0)) this.continue();
  }

  // Letting go.

  /** Lets everything held go on. */
  continue(): void {
    if (!this.#paused || this.abandoned) return;
    this.#paused = false;
    const nothingFollows = this.#bodiless && !this.#bodyReplaced;
    this.#forwardHeaders(nothingFollows);
    if (this.#buffered !== null) {
      const bytes = concat(this.#buffered);
      this.#buffered = null;
      this.#forwardBody(bytes, this.#bodyComplete && this.#trailers === null);
    }
    if (this.#trailers !== null && !this.finished) {
      this.#owner.emit({ kind: "forward", side: this.side, part: { kind: "trailers", fields: this.#trailers } });
      this.finished = true;
    }
  }

  #passBody(bytes: Uint8Array, endOfStream: boolean): void {
    if (this.#paused) this.continue();
    this.#forwardBody(bytes, endOfStream);
  }

  #forwardHeaders(endOfStream: boolean): void {
    if (this.#headersForwarded) return;
    this.#headersForwarded = true;
    this.#mutable = false;
    this.#owner.emit({
      kind: "forward",
      side: this.side,
      part: { kind: "headers", fields: this.#fields, endOfStream },
    });
    if (endOfStream) this.finished = true;
  }

  #forwardBody(bytes: Uint8Array, endOfStream: boolean): void {
    this.#forwardHeaders(false);
    if (bytes.length === 0 && !endOfStream) return;
    this.#owner.emit({ kind: "forward", side: this.side, part: { kind: "body", bytes, endOfStream } });
    if (endOfStream) this.finished = true;
  }

  // Headers.

  #mutateHeaders(mutation: HeaderMutation | null, replaces: boolean): AnswerResult | null {
    if (mutation === null) return null;
    if (!this.#mutable) {
      if (mutation.set.length === 0 && mutation.remove.length === 0) return null;
      this.#owner.verdict("ignored", "header_mutation after the headers went on");
      return null;
    }
    const outcome = applyHeaderMutation(this.#fields, mutation, this.#mutationOptions(replaces));
    if (outcome.error !== null) return { kind: "error", verdict: "mutationError", text: outcome.error };
    this.#reportRejected(outcome.rejected);
    this.#fields = outcome.fields;
    return null;
  }

  #mutationOptions(replaces: boolean) {
    return { rules: this.#owner.config.mutationRules, replaces, dropsContentLength: this.#dropsContentLength };
  }

  #reportRejected(rejected: readonly string[]): void {
    for (const text of rejected) this.#owner.verdict("rejectedMutation", text);
  }

  /** The length may change in every mode but NONE, and in BUFFERED it can be checked as long as the headers are at hand. */
  get #dropsContentLength(): boolean {
    if (this.bodyMode === "NONE") return false;
    return this.bodyMode !== "BUFFERED" || !this.sendsHeaders;
  }

  #dropContentLength(): void {
    if (this.#dropsContentLength)
      this.#fields = this.#fields.filter(([name]: HeaderField) => name !== "content-length");
  }

  #clearRouteCache(common: CommonResponse): void {
    if (!common.clearRouteCache) return;
    if (this.side === "response" || common.headerMutation === null) {
      this.#owner.verdict("ignored", "clear_route_cache without a header mutation or for a response");
    } else this.#owner.emit({ kind: "clearRouteCache" });
  }

  #stopTimer(): void {
    this.timerMs = null;
  }

  #overBufferLimit(): boolean {
    return size(this.#buffered ?? []) > this.#owner.config.bufferLimitBytes;
  }

  #queueOverLimit(): boolean {
    return size(this.#queue.map((chunk) => chunk.bytes)) > this.#owner.config.bufferLimitBytes;
  }

  get #waitsFor(): string {
    return this.callback === "idle" ? "nothing" : this.callback;
  }

  get headersAnswered(): boolean {
    return this.#headersAnswered;
  }
}

function spurious(text: string): AnswerResult {
  return { kind: "spurious", text };
}

/** What a body mutation makes of bytes. `streamed` has no effect where it is no error. */
function mutated(mutation: BodyMutation, original: Uint8Array): Uint8Array {
  if (mutation.kind === "body") return mutation.bytes;
  return mutation.kind === "clearBody" && mutation.clear ? original.subarray(0, 0) : original;
}

function size(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}
