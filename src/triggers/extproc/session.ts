/**
 * One exchange on the wire: one gRPC stream. Hands phases to their direction, runs the function beside them, and ends
 * the stream as soon as nothing more is wanted of it.
 *
 * Request direction, response direction and function go on side by side and meet here: whichever gets ahead calls
 * `progressed`, which closes the stream once all three are done.
 */
import { ExchangeError } from "../../function/errors.ts";
import {
  type CallReceiver,
  type Frames,
  type GrpcStatus,
  type MessageParts,
  type ServerCall,
  StatusCode,
} from "../../grpc/contract.ts";
import type { Logger } from "../../telemetry/log.ts";
import { AnswerDeadline } from "./answer-deadline.ts";
import { BodyMode, type ProtocolConfig } from "./body-mode.ts";
import { overrideFor } from "./body-on-demand.ts";
import { bypassOf } from "./bypass.ts";
import { createDirection } from "./create-direction.ts";
import type { DirectionOwner } from "./direction-owner.ts";
import { type Direction, RELEASE_FINALLY } from "./direction.ts";
import { ExchangeContext } from "./exchange-context.ts";
import { type LoggedExchange, logCancelled, logEnd, logFailure, logPhase } from "./exchange-log.ts";
import type { Outcome } from "./exchange-metrics.ts";
import { failureReason, isQuietEnd } from "./failure.ts";
import { giveUp, goOnWithoutFunction } from "./failure-policy.ts";
import { FunctionRun, type RunOwner } from "./function-run.ts";
import type { AnswerHead } from "./immediate-response.ts";
import { inNextTurn } from "./next-turn.ts";
import { oldestDue } from "./oldest-due.ts";
import { type RequestPseudo, requestText } from "./request-text.ts";
import type { MiddlewareService, ServedExchange } from "./service.ts";
import { type BodyPeek, StreamedAnswer } from "./streamed-answer.ts";
import { findLongBody, type LongBody, type LongBodyOwner, LongBodyParts } from "./wire/long-body.ts";
import { Phase, type ProcessingRequestReader } from "./wire/processing-request.ts";
import {
  type AnswerExtras,
  type ImmediateAnswer,
  type ModeOverride,
  encodeImmediateAnswer,
  encodeStreamedAnswerHead,
  encodeTimeoutOverride,
} from "./wire/processing-response.ts";

const OK: GrpcStatus = { code: StatusCode.OK };
const SHUTTING_DOWN: GrpcStatus = { code: StatusCode.UNAVAILABLE, message: "shutting down" };
const FAILED: GrpcStatus = { code: StatusCode.INTERNAL, message: "the function failed" };
const EMPTY: Uint8Array = new Uint8Array(0);

export class Session implements CallReceiver, DirectionOwner, LoggedExchange, LongBodyOwner, RunOwner, ServedExchange {
  readonly call: ServerCall;
  readonly service: MiddlewareService;
  place = -1;
  ended = false;
  /** Envoy's observability mode: what comes are copies, nothing is answered. */
  isObserved = false;
  readonly #startedAt: number;
  #context: ExchangeContext | null = null;
  #config: ProtocolConfig | null = null;
  #request: Direction | null = null;
  #response: Direction | null = null;
  #run: FunctionRun | null = null;
  #streamed: StreamedAnswer | null = null;
  /** The function failed and its policy lets the original pass: the directions still owe parts of it. */
  #draining = false;
  #paused = 0;
  #clearRouteCache = false;
  /** In a duplex response direction: whether the request has gone on; null: not yet, false: with what is being written. */
  #requestGone: boolean | null = null;
  /** The response passes without the function: what the exchange counts as. */
  #bypassed: Outcome | null = null;
  #abort: AbortController | null = null;
  #abortReason: ExchangeError | null = null;
  #log: Logger | null = null;
  #id: string | null = null;
  #warnedInVain = false;
  #deadline: AnswerDeadline | null = null;

  constructor(service: MiddlewareService, call: ServerCall) {
    this.service = service;
    this.call = call;
    this.#startedAt = service.settings.processing.logStream ? performance.now() : 0;
    service.sessions.add(this);
    service.metrics.inFlight.value++;
  }

  // The proxy's side.

  onMessage(bytes: Uint8Array, start: number, end: number): void {
    this.#receive(bytes, start, end, null);
  }

  /** @param body comes beside its message; null: it is in there. */
  #receive(bytes: Uint8Array, start: number, end: number, body: Uint8Array | null): void {
    if (this.ended) return;
    const { reader } = this.service;
    try {
      reader.read(bytes, start, end);
      if (body !== null) reader.takeBody(body);
    } catch (error) {
      this.service.log.error({ err: error }, "a message of the proxy is not a ProcessingRequest");
      this.#finish("failed", { code: StatusCode.INVALID_ARGUMENT, message: "not a ProcessingRequest" });
      return;
    }
    this.#config ??= reader.protocolConfig;
    this.isObserved = reader.observability;
    if (reader.hasContext) this.context.take(reader);
    this.#phaseArrived(reader);
    this.progressed();
  }

  onLongMessage(bytes: Uint8Array, start: number, end: number, messageBytes: number): MessageParts | null {
    if (this.ended || this.#config === null || this.#streamed !== null) return null;
    const body = findLongBody(bytes, start, end, messageBytes);
    if (body === null) return null;
    const direction = body.phase === Phase.REQUEST_BODY ? this.request : this.response;
    return new LongBodyParts(body, this, direction.bodyUse);
  }

  onBodyPart(phase: LongBody["phase"], bytes: Uint8Array): void {
    if (this.ended) return;
    this.#bodyArrived(phase, bytes, null);
    this.progressed();
  }

  onBodyEnd(message: Uint8Array, bytes: Uint8Array): void {
    this.#receive(message, 0, message.length, bytes);
  }

  onHalfClose(): void {
    this.#proxyEnded("the proxy ended the stream");
  }

  onCancel(reason: string): void {
    this.#proxyEnded(reason);
  }

  onWritable(): void {
    this.#streamed?.onWritable();
    this.#request?.onWritable();
    this.#response?.onWritable();
  }

  onOversizedMessage(bytes: number): boolean {
    const limit = this.service.settings.maxMessageBytes;
    this.failed(
      new ExchangeError("BODY_TOO_LARGE", `a message of ${bytes} bytes is longer than maxMessageBytes (${limit})`),
    );
    return true;
  }

  endForDrain(): void {
    if (this.#streamed !== null) return this.#finish("answered", SHUTTING_DOWN);
    const passes = giveUp(this.request) === "close" && giveUp(this.response) === "close";
    if (passes) this.#finish("closed_early", OK);
    else this.#endWithError(SHUTTING_DOWN, 503);
  }

  checkDeadline(now: number): void {
    if (this.#request === null && this.#response === null) return; // the first message tells the body modes
    const direction = oldestDue(this.request, this.response);
    if (direction === null || this.ended) return;
    this.#deadline ??= new AnswerDeadline(this.service.settings);
    const verdict = this.#deadline.check(direction, now);
    if (verdict.kind === "extend") this.call.sendFramed(encodeTimeoutOverride(verdict.ms));
    if (verdict.kind !== "overdue") return;
    const error = new ExchangeError("TIMEOUT", `the function took longer than ${verdict.limitMs} ms to answer`);
    this.#abortWith(error);
    this.failed(error);
  }

  // What functions see through their faces.

  get context(): ExchangeContext {
    return (this.#context ??= new ExchangeContext());
  }

  get request(): Direction {
    return (this.#request ??= createDirection(this, true, this.#config, this.isObserved));
  }

  get response(): Direction {
    return (this.#response ??= createDirection(this, false, this.#config, this.isObserved));
  }

  get id(): string {
    if (this.#id === null) {
      const { requestIdHeaderName, requestIdFallback } = this.service.settings.processing;
      this.#id = this.request.headers.get(requestIdHeaderName) ?? (requestIdFallback || crypto.randomUUID());
    }
    return this.#id;
  }

  get log(): Logger {
    return (this.#log ??= this.service.log.child({ exchange: this.id }));
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#abortReason !== null) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  askClearRouteCache(): void {
    if (this.isObserved) return this.changedInVain();
    if (this.request.released) {
      throw new ExchangeError("REQUEST_SENT", "the route cannot be chosen again: the request went on with next()");
    }
    this.#clearRouteCache = true;
  }

  /** Said once an exchange: in observability mode nothing a function changes has an effect. */
  changedInVain(): void {
    if (this.#warnedInVain) return;
    this.#warnedInVain = true;
    this.log.warn("the function changed an exchange it only observes (observability_mode): this has no effect");
  }

  // What directions need.

  get bodyComesUnasked(): boolean {
    return this.#config?.sendBodyWithoutWaitingForHeaderResponse === true;
  }

  endsWith(direction: Direction): boolean {
    return direction.isRequest ? !this.#responseBegun && !this.#responseMayFlow : this.#requestOver;
  }

  answered(direction: Direction, phase: Phase, frame: Frames | null): void {
    this.service.metrics.answered(phase, performance.now() - direction.dueSince);
    if (frame === null || this.ended) return;
    logPhase(this, phase, "answered");
    this.call.sendFramed(frame);
    if (direction.isRequest && direction.committed) this.#requestLeft();
  }

  send(frame: Frames): boolean {
    return this.ended || this.call.sendFramed(frame);
  }

  pauseInput(): void {
    if (this.#paused++ === 0) this.call.pause();
  }

  resumeInput(): void {
    if (--this.#paused === 0) this.call.resume();
  }

  takeExtras(): AnswerExtras | null {
    const dynamicMetadata = this.#context?.takeOutgoingMetadata();
    return dynamicMetadata === null || dynamicMetadata === undefined ? null : { modeOverride: null, dynamicMetadata };
  }

  takeClearRouteCache(): boolean {
    const asked = this.#clearRouteCache;
    this.#clearRouteCache = false;
    return asked;
  }

  bodyOnDemand(direction: Direction): ModeOverride | { readonly refusal: string } {
    return overrideFor(direction.isRequest, this.#config);
  }

  forbidsBody(direction: Direction): boolean {
    if (direction.isRequest) return false;
    const status = direction.pseudo(":status");
    return status === "204" || status === "304" || this.requestText(":method") === "HEAD";
  }

  losesBody(direction: Direction): boolean {
    return !direction.isRequest && !direction.bodiless && direction.pseudoSet && this.forbidsBody(direction);
  }

  requestText(name: RequestPseudo): string {
    return requestText(this.request, this.context, name);
  }

  /** The function threw, its result cannot be carried out, or it took too long. */
  failed(error: unknown): void {
    const run = this.#run;
    if (this.ended || run?.done === true) {
      if (this.#failsLate(error)) return;
      if (!isQuietEnd(error)) logFailure(this, error, "the function failed after its exchange was over");
      this.progressed();
      return;
    }
    run?.giveUp();
    if (isQuietEnd(error) && this.#isCutOff) {
      this.progressed();
      return;
    }
    this.service.metrics.failure(failureReason(error));
    logFailure(this, error, "the function failed");
    this.#applyPolicy();
  }

  functionDone(): void {
    this.#request?.functionDone();
    this.#response?.functionDone();
  }

  broken(error: unknown): void {
    if (this.ended) return;
    this.service.metrics.failure(failureReason(error));
    logFailure(this, error, "the exchange cannot be finished");
    this.#endWithError();
  }

  /** Closes the stream when the function is done and both directions have sent what they had to. */
  progressed(): void {
    const run = this.#run;
    if (run === null || !run.done || this.ended || run.answering) return;
    const bypassed = this.#bypassed !== null;
    if (bypassed && !this.#responseBegun) return;
    if (this.#responseBegun && (bypassed || !this.request.isPreparing)) this.response.release(RELEASE_FINALLY);
    if (this.ended || !this.#requestOver || this.#responseMayFlow) return;
    if (this.#responseBegun && !this.response.closable) return;
    if (this.#bypassed !== null) this.#finish(this.#bypassed, OK);
    else if (this.#draining) this.#finish("failed", OK);
    else this.#finish(this.#response?.complete === true ? "completed" : "closed_early", OK);
  }

  // What the function wants.

  /** Streaming is legal only as the answer to the request headers, and where no whole request body is awaited. */
  get canStreamAnswer(): boolean {
    const { request, service } = this;
    if (!service.settings.streamedResponses || request.due !== Phase.REQUEST_HEADERS || this.response.begun)
      return false;
    return this.#config !== null && (request.mode === BodyMode.NONE || request.mode === BodyMode.FULL_DUPLEX_STREAMED);
  }

  answerImmediately(answer: ImmediateAnswer): void {
    if (!this.ended) this.#sendImmediately(answer, "answered");
  }

  answerStreamed({ status, lines }: AnswerHead, body: BodyPeek): void {
    if (this.ended) return;
    this.request.due = Phase.NONE;
    const isHead = this.requestText(":method") === "HEAD";
    this.call.sendFramed(encodeStreamedAnswerHead(status, lines, isHead, this.takeExtras()));
    if (isHead) {
      body.reader.cancel().catch(() => {}); // nobody reads what the stream does now
      this.#finish("answered", OK);
      return;
    }
    if (!this.request.isReadOn) this.request.abandon();
    this.#streamed = new StreamedAnswer((frame) => this.call.sendFramed(frame));
    this.#streamed.send(body).then(
      () => this.#finish("answered", OK),
      (error: unknown) => this.broken(error),
    );
  }

  #phaseArrived(reader: ProcessingRequestReader): void {
    const { phase } = reader;
    this.service.metrics.received(phase);
    if (this.#streamed !== null && !this.request.isReadOn) return; // a request body nobody reads any more
    // The log is bound to the exchange's id, which is among the headers: of them it can only tell once they were taken.
    if (phase !== Phase.REQUEST_HEADERS && phase !== Phase.RESPONSE_HEADERS) logPhase(this, phase, "received");
    switch (phase) {
      case Phase.REQUEST_HEADERS:
        this.request.onHeaders(reader.headers(), reader.endOfStream);
        logPhase(this, phase, "received");
        break;
      case Phase.REQUEST_BODY:
      case Phase.RESPONSE_BODY:
        this.#bodyArrived(phase, reader.body(), reader.endOfStream);
        return;
      case Phase.REQUEST_TRAILERS:
        this.request.onTrailers(reader.headers());
        break;
      case Phase.RESPONSE_HEADERS:
        if (!this.#responseBegins()) return;
        this.response.onHeaders(reader.headers(), reader.endOfStream);
        logPhase(this, phase, "received");
        this.#run?.responseArrived();
        break;
      case Phase.RESPONSE_TRAILERS:
        if (!this.#responseBegins()) return;
        this.response.onTrailers(reader.headers());
        this.#run?.responseArrived();
        break;
      case Phase.NONE:
        return; // settings only: nothing to answer
    }
    this.#start();
  }

  /** @param endOfStream null: the bytes are a part of a message that goes on. */
  #bodyArrived(phase: LongBody["phase"], bytes: Uint8Array, endOfStream: boolean | null): void {
    const isResponse = phase === Phase.RESPONSE_BODY;
    if (isResponse && !this.#responseBegins()) return;
    const direction = isResponse ? this.response : this.request;
    if (endOfStream === null) direction.onBodyPart(bytes);
    else direction.onBody(bytes, endOfStream);
    if (isResponse) this.#run?.responseArrived();
    this.#start();
  }

  /** The answer that lets the request go on was written: from the next turn on a response may be on its way to us. */
  #requestLeft(): void {
    if (this.#requestGone !== null || !this.#isResponseDuplex) return;
    this.#requestGone = false;
    inNextTurn(() => {
      this.#requestGone = true;
      this.progressed();
    });
  }

  /** Asked before a direction is made for it: many an exchange never needs one. */
  get #responseBegun(): boolean {
    return this.#response !== null && this.#response.begun;
  }

  get #isResponseDuplex(): boolean {
    if (this.#response !== null) return this.#response.mode === BodyMode.FULL_DUPLEX_STREAMED;
    return this.#config?.responseBodyMode === BodyMode.FULL_DUPLEX_STREAMED && !this.isObserved;
  }

  get #requestOver(): boolean {
    return this.#bypassed !== null || this.request.closable;
  }

  /** Duplex bytes of the response may be here already, and nowhere else: the stream's end would lose them. */
  get #responseMayFlow(): boolean {
    if (this.#responseBegun || !this.#isResponseDuplex) return false;
    return this.#requestGone === true || this.request.headersUnseen;
  }

  /** The function has no part in the response: false when the exchange is over, true when its bytes must be sent back. */
  #passResponse(outcome: Outcome): boolean {
    if (this.response.mode !== BodyMode.FULL_DUPLEX_STREAMED) {
      this.#finish(outcome, OK);
      return false;
    }
    this.#bypassed = outcome;
    this.#run ??= new FunctionRun(this);
    this.#run.done = true;
    this.#run.cancel(noResponse());
    this.request.abandon();
    return true;
  }

  /** False when the exchange is over because of it. */
  #responseBegins(): boolean {
    if (this.response.begun) return true;
    const { request, service } = this;
    const bypass = bypassOf(request, service);
    if (bypass === "without_request" && service.metrics.firstWithoutRequest()) {
      this.log.info("an exchange began with the response, so the function did not run: see withoutRequest");
    }
    if (bypass !== null) return this.#passResponse(bypass);
    if (request.begun) request.responseBegan();
    else request.abandon();
    return true;
  }

  #start(): void {
    if (this.#run !== null || this.ended) return;
    this.#run = new FunctionRun(this);
    this.#run.start();
  }

  /** The proxy went on or away before the function was done; else such an error is another exchange's. */
  get #isCutOff(): boolean {
    return this.#abortReason !== null || this.#request?.abandoned === true || this.#response?.abandoned === true;
  }

  // The end.

  #applyPolicy(): void {
    if (this.isObserved) return this.#finish("failed", OK);
    const way = goOnWithoutFunction(this.service.onError, this.request, this.response, this.#responseMayFlow);
    if (way === "pass") this.#finish("failed", OK);
    else if (way === "error") this.#endWithError();
    else if (way === "drain") {
      this.#draining = true;
      this.progressed();
    } else this.#answerFailed(way);
  }

  /**
   * Ends with a gRPC error, and leaves the rest to `failure_mode_allow`, as long as no half of a message can pass by it;
   * else with an answer that breaks the exchange however Envoy is configured.
   */
  #endWithError(status = FAILED, answered = 500): void {
    if (this.request.intact && this.response.intact) this.#finish("failed", status);
    else this.#answerFailed(answered);
  }

  #answerFailed(status: number): void {
    const answer = { status, headers: [], body: EMPTY, grpcStatus: null, details: "function_failed" };
    this.#sendImmediately(answer, "failed");
  }

  #sendImmediately(answer: ImmediateAnswer, outcome: Outcome): void {
    for (const { due, dueSince } of [this.request, this.response]) {
      if (due !== Phase.NONE) this.service.metrics.answered(due, performance.now() - dueSince);
    }
    this.call.sendFramed(encodeImmediateAnswer(answer, this.takeExtras()));
    this.#finish(outcome, OK);
  }

  /** A stream of the function broke after the function had returned: part of a message is missing. */
  #failsLate(error: unknown): boolean {
    if (this.ended || this.#draining || this.#bypassed !== null) return false;
    this.service.metrics.failure(failureReason(error));
    logFailure(this, error, "a body the function gave failed");
    this.#applyPolicy();
    return true;
  }

  #proxyEnded(reason: string): void {
    if (this.ended) return;
    if (this.#streamed !== null) return this.#finish("answered", OK);
    const due = oldestDue(this.request, this.response);
    if (due === null) {
      this.request.abandon();
      this.response.abandon();
      this.#finish(this.#run?.done === true ? "completed" : "incomplete", OK);
      return;
    }
    this.#abortWith(new ExchangeError("CANCELLED", logCancelled(this, due, reason)));
    this.#finish("cancelled", OK);
  }

  #finish(outcome: Outcome, status: GrpcStatus): void {
    if (this.ended) return;
    this.ended = true;
    const { service } = this;
    service.sessions.delete(this);
    service.metrics.ended(outcome);
    this.call.end(status);
    this.#streamed?.cancel();
    logEnd(this, outcome, this.#startedAt);
    if (this.#run?.done === true && (outcome === "completed" || outcome === "closed_early")) return;
    // The function may still run: whatever it waits for will not come.
    this.#run?.cancel(this.#abortReason ?? noResponse());
    this.request.abandon(this.#abortReason);
    this.response.abandon(this.#abortReason);
  }

  #abortWith(error: ExchangeError): void {
    this.#abortReason = error;
    this.#abort?.abort(error);
  }
}

function noResponse(): ExchangeError {
  return new ExchangeError("NO_RESPONSE", "the proxy ended the exchange without a response");
}
