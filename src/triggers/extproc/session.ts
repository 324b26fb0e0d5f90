/**
 * One exchange on the wire: one gRPC stream. Hands phases to their direction, runs the function beside them, and ends
 * the stream as soon as nothing more is wanted of it.
 *
 * Request direction, response direction and function go on side by side and meet here: whichever gets ahead calls
 * `progressed`, which closes the stream once all three are done.
 */
import type { MiddlewareResult, ResponseMessage } from "../../function/contract.ts";
import { describeFailure } from "../../function/describe-failure.ts";
import { ExchangeError } from "../../function/errors.ts";
import { type CallReceiver, type GrpcStatus, type ServerCall, StatusCode } from "../../grpc/contract.ts";
import type { Logger } from "../../telemetry/log.ts";
import { BodyMode, type ProtocolConfig } from "./body-mode.ts";
import { overrideFor } from "./body-on-demand.ts";
import { BufferedDirection } from "./buffered-direction.ts";
import type { DirectionOwner } from "./direction-owner.ts";
import type { Direction } from "./direction.ts";
import { ExchangeContext } from "./exchange-context.ts";
import type { Outcome } from "./exchange-metrics.ts";
import { phaseName } from "./exchange-metrics.ts";
import { ProxiedExchange } from "./exchange.ts";
import { failureReason, isQuietEnd } from "./failure.ts";
import { toImmediateAnswer } from "./immediate-response.ts";
import { ProxiedResponse } from "./message.ts";
import { PassingDirection } from "./passing-direction.ts";
import type { MiddlewareService, ServedExchange } from "./service.ts";
import { Phase, type ProcessingRequestReader } from "./wire/processing-request.ts";
import {
  type AnswerExtras,
  type ImmediateAnswer,
  type ModeOverride,
  encodeImmediateAnswer,
  encodeTimeoutOverride,
} from "./wire/processing-response.ts";

const OK: GrpcStatus = { code: StatusCode.OK };
/** Share of `timeout` after which more time is asked for. */
const EXTEND_AT = 0.8;
const EMPTY: Uint8Array = new Uint8Array(0);

const attributeOf = {
  ":path": "request.path",
  ":method": "request.method",
  ":authority": "request.host",
  ":scheme": "request.scheme",
} as const;

export class Session implements CallReceiver, DirectionOwner, ServedExchange {
  readonly call: ServerCall;
  readonly service: MiddlewareService;
  readonly context = new ExchangeContext();
  readonly #startedAt = performance.now();
  #config: ProtocolConfig | null = null;
  #request: Direction | null = null;
  #response: Direction | null = null;
  #ended = false;
  #exchange: ProxiedExchange | null = null;
  /** The function has nothing more to say: it settled, failed, or never runs. */
  #functionDone = false;
  /** A `Response` of the function is on its way to the client: nothing else may answer. */
  #answering = false;
  #next: PromiseWithResolvers<ResponseMessage> | null = null;
  #responseMessage: ProxiedResponse | null = null;
  #clearRouteCache = false;
  #abort: AbortController | null = null;
  #abortReason: ExchangeError | null = null;
  #log: Logger | null = null;
  #id: string | null = null;
  /** Since when the answer was due for which more time was asked. */
  #extended: number | null = null;

  constructor(service: MiddlewareService, call: ServerCall) {
    this.service = service;
    this.call = call;
    service.sessions.add(this);
    service.metrics.inFlight.value++;
  }

  // The proxy's side.

  onMessage(message: Uint8Array): void {
    if (this.#ended) return;
    const { reader } = this.service;
    try {
      reader.read(message);
    } catch (error) {
      this.service.log.error({ err: error }, "a message of the proxy is not a ProcessingRequest");
      this.#finish("failed", { code: StatusCode.INVALID_ARGUMENT, message: "not a ProcessingRequest" });
      return;
    }
    this.#config ??= reader.protocolConfig;
    this.context.take(reader);
    if (reader.observability) this.#finish("closed_early", OK);
    else this.#phaseArrived(reader);
    this.progressed();
  }

  onHalfClose(): void {
    this.#proxyEnded("the proxy ended the stream");
  }

  onCancel(reason: string): void {
    this.#proxyEnded(reason);
  }

  onWritable(): void {}

  onOversizedMessage(bytes: number): boolean {
    const limit = this.service.settings.maxMessageBytes;
    this.failed(
      new ExchangeError("BODY_TOO_LARGE", `a message of ${bytes} bytes is longer than maxMessageBytes (${limit})`),
    );
    return true;
  }

  endForDrain(): void {
    const passes = this.request.passable && this.response.passable;
    this.#finish("closed_early", passes ? OK : { code: StatusCode.UNAVAILABLE, message: "shutting down" });
  }

  checkDeadline(now: number): void {
    const { timeoutMs, extendTimeoutMs } = this.service.settings;
    const direction = this.#oldestDue();
    if (direction === null || timeoutMs === null) return;
    const since = direction.dueSince;
    const extendAt = timeoutMs * EXTEND_AT;
    if (extendTimeoutMs !== null && this.#extended !== since) {
      if (now - since < extendAt) return;
      this.#extended = since;
      this.call.sendFramed(encodeTimeoutOverride(extendTimeoutMs));
      return;
    }
    const limit = extendTimeoutMs === null ? timeoutMs : extendAt + extendTimeoutMs;
    if (now - since < limit) return;
    const error = new ExchangeError("TIMEOUT", `the function took longer than ${limit} ms to answer`);
    this.#abortWith(error);
    this.failed(error);
  }

  // What functions see through their faces.

  get request(): Direction {
    return (this.#request ??= this.#createDirection(true, this.#config?.requestBodyMode ?? BodyMode.NONE));
  }

  get response(): Direction {
    return (this.#response ??= this.#createDirection(false, this.#config?.responseBodyMode ?? BodyMode.NONE));
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
    if (this.request.released) {
      throw new ExchangeError("REQUEST_SENT", "the route cannot be chosen again: the request went on with next()");
    }
    this.#clearRouteCache = true;
  }

  // What directions need.

  answered(direction: Direction, phase: Phase, frame: Uint8Array | null): void {
    this.service.metrics.answered(phase, performance.now() - direction.dueSince);
    if (frame === null) return;
    if (this.service.settings.processing.logPhases) this.log.info({ phase: phaseName(phase) }, "answered");
    this.call.sendFramed(frame);
  }

  takeExtras(): AnswerExtras | null {
    const dynamicMetadata = this.context.takeOutgoingMetadata();
    return dynamicMetadata === null ? null : { modeOverride: null, dynamicMetadata };
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

  requestText(name: keyof typeof attributeOf): string {
    const text = this.request.pseudo(name);
    if (text !== "") return text;
    const attribute = this.context.attributes()[attributeOf[name]];
    return typeof attribute === "string" ? attribute : "";
  }

  /** The function threw, its result cannot be carried out, or it took too long. */
  failed(error: unknown): void {
    if (this.#functionDone || this.#ended) {
      if (!isQuietEnd(error)) this.#logFailure(error, "the function failed after its exchange was over");
      return;
    }
    this.#functionDone = true;
    if (isQuietEnd(error)) return;
    this.service.metrics.failure(failureReason(error));
    this.#logFailure(error, "the function failed");
    const { onError } = this.service;
    if (onError === "pass" && this.request.passable && this.response.passable) this.#finish("failed", OK);
    else if (typeof onError === "number" && !this.response.settled) {
      this.#answerImmediately(
        { status: onError, headers: [], body: EMPTY, grpcStatus: null, details: "function_failed" },
        "failed",
      );
    } else this.#finish("failed", { code: StatusCode.INTERNAL, message: "the function failed" });
  }

  /** Closes the stream when the function is done and both directions have sent what they had to. */
  progressed(): void {
    if (!this.#functionDone || this.#ended || this.#answering) return;
    // Held back for an end that does not come now, an answer would be missed by the proxy.
    if (this.response.begun) this.response.release({ final: this.request.closable });
    if (!this.request.closable || !this.response.closable) return;
    this.#finish(this.response.complete ? "completed" : "closed_early", OK);
  }

  #phaseArrived(reader: ProcessingRequestReader): void {
    const { phase } = reader;
    this.service.metrics.received(phase);
    // The log is bound to the exchange's id, which is among the headers: of them it can only tell once they were taken.
    if (phase !== Phase.REQUEST_HEADERS && phase !== Phase.RESPONSE_HEADERS) this.#logReceived(phase);
    switch (phase) {
      case Phase.REQUEST_HEADERS:
        this.request.onHeaders(reader.headers(), reader.endOfStream);
        this.#logReceived(phase);
        this.#run();
        return;
      case Phase.REQUEST_BODY:
        this.request.onBody(reader.body(), reader.endOfStream);
        this.#run();
        return;
      case Phase.REQUEST_TRAILERS:
        this.request.onTrailers(reader.headers());
        this.#run();
        return;
      case Phase.RESPONSE_HEADERS:
        if (!this.#responseBegins()) return;
        this.response.onHeaders(reader.headers(), reader.endOfStream);
        this.#logReceived(phase);
        break;
      case Phase.RESPONSE_BODY:
        if (!this.#responseBegins()) return;
        this.response.onBody(reader.body(), reader.endOfStream);
        break;
      case Phase.RESPONSE_TRAILERS:
        if (!this.#responseBegins()) return;
        this.response.onTrailers(reader.headers());
        break;
      case Phase.NONE:
        return; // settings only: nothing to answer
    }
    this.#next?.resolve(this.#responseFace());
    this.#run();
  }

  #logReceived(phase: Phase): void {
    if (!this.service.settings.processing.logPhases || phase === Phase.NONE) return;
    this.log.info({ phase: phaseName(phase) }, "received");
  }

  /** False when the exchange is over because of it. */
  #responseBegins(): boolean {
    if (this.response.begun) return true;
    if (!this.request.begun) {
      if (this.service.runsWithoutRequest) return true;
      this.#finish("without_request", OK);
      return false;
    }
    if (this.request.waitsForBody && this.request.mode !== BodyMode.NONE) {
      // Envoy holds a buffered request back: this is a reply of its own (413, a filter, a timeout), no opened gate.
      this.#finish("incomplete", OK);
      return false;
    }
    this.request.abandon();
    return true;
  }

  // The function.

  #run(): void {
    if (this.#exchange !== null || this.#ended) return;
    this.#exchange = new ProxiedExchange(this);
    let result: MiddlewareResult | Promise<MiddlewareResult>;
    try {
      result = this.service.run(this.#exchange, () => this.#callNext());
    } catch (error) {
      this.failed(error);
      return;
    }
    if (result instanceof Promise) {
      result.then(
        (value) => this.#functionSettled(value),
        (error: unknown) => this.failed(error),
      );
    } else this.#functionSettled(result);
  }

  #callNext(): Promise<ResponseMessage> {
    if (this.#next !== null) return this.#next.promise;
    this.#next = Promise.withResolvers();
    if (this.#ended) this.#rejectNext(this.#abortReason ?? noResponse());
    else {
      this.request.release({ final: false });
      if (this.response.begun || !this.request.begun) this.#next.resolve(this.#responseFace());
      else this.request.compact();
    }
    return this.#next.promise;
  }

  #functionSettled(value: MiddlewareResult | null): void {
    if (this.#functionDone || this.#ended) return;
    if (value instanceof Response) {
      void this.#answerWith(value);
    } else if (value === undefined || value === null || value === this.#responseMessage) {
      this.#functionDone = true;
      this.request.release({ final: this.#next === null });
      this.progressed();
    } else {
      this.failed(new TypeError(`the function returned ${describeResult(value)}: return a Response, or nothing`));
    }
  }

  async #answerWith(response: Response): Promise<void> {
    if (this.response.released) {
      this.failed(new ExchangeError("HEADERS_SENT", "the response cannot be replaced: it has been sent"));
      return;
    }
    let answer: ImmediateAnswer;
    this.#answering = true;
    try {
      answer = await toImmediateAnswer(response, this.#exchange?.details ?? "", this.service.settings);
    } catch (error) {
      this.#answering = false;
      this.failed(error);
      return;
    }
    this.#answering = false;
    if (!this.#functionDone) this.#answerImmediately(answer, "answered");
  }

  #answerImmediately(answer: ImmediateAnswer, outcome: Outcome): void {
    if (this.#ended) return;
    this.call.sendFramed(encodeImmediateAnswer(answer, this.takeExtras()));
    this.#finish(outcome, OK);
  }

  #responseFace(): ProxiedResponse {
    return (this.#responseMessage ??= new ProxiedResponse(this.response));
  }

  // The end.

  #proxyEnded(reason: string): void {
    if (this.#ended) return;
    const due = this.#oldestDue();
    if (due === null) {
      this.#finish(this.#functionDone ? "completed" : "incomplete", OK);
      return;
    }
    const ms = Math.round(performance.now() - due.dueSince);
    const message = `${reason} ${ms} ms after the ${phaseName(due.due)} arrived, before they were answered: the client left, or Envoy's message_timeout is shorter than the function`;
    this.log.warn({ phase: phaseName(due.due), ms }, message);
    this.#abortWith(new ExchangeError("CANCELLED", message));
    this.#finish("cancelled", OK);
  }

  #finish(outcome: Outcome, status: GrpcStatus): void {
    if (this.#ended) return;
    this.#ended = true;
    const { service } = this;
    service.sessions.delete(this);
    service.metrics.ended(outcome);
    this.call.end(status);
    if (service.settings.processing.logStream) this.#logEnd(outcome);
    if (this.#functionDone && outcome !== "failed") return;
    // The function still runs: whatever it waits for will not come.
    const error = this.#abortReason ?? noResponse();
    this.#rejectNext(error);
    this.request.abandon(this.#abortReason);
    this.response.abandon(this.#abortReason);
  }

  #rejectNext(error: ExchangeError): void {
    if (this.#next === null) return;
    this.#next.promise.catch(() => {}); // the function may not be waiting for it
    this.#next.reject(error);
  }

  #abortWith(error: ExchangeError): void {
    this.#abortReason = error;
    this.#abort?.abort(error);
  }

  #oldestDue(): Direction | null {
    const { request, response } = this;
    if (request.due === Phase.NONE) return response.due === Phase.NONE ? null : response;
    return response.due !== Phase.NONE && response.dueSince < request.dueSince ? response : request;
  }

  #createDirection(isRequest: boolean, mode: BodyMode): Direction {
    const passes = mode === BodyMode.STREAMED || mode === BodyMode.FULL_DUPLEX_STREAMED;
    return passes ? new PassingDirection(this, isRequest, mode) : new BufferedDirection(this, isRequest, mode);
  }

  #logFailure(error: unknown, message: string): void {
    const { message: text, file, line } = describeFailure(error, this.service.origin);
    const at = file === null ? this.service.origin.file : `${file}:${line}`;
    this.log.error({ error: text, at, onError: this.service.onError }, message);
  }

  #logEnd(outcome: Outcome): void {
    const fields = {
      method: this.requestText(":method"),
      path: this.requestText(":path"),
      status: this.response.begun ? Number(this.response.pseudo(":status")) : undefined,
      outcome,
      ms: Math.round((performance.now() - this.#startedAt) * 100) / 100,
    };
    this.log.info(fields, "exchange");
  }
}

function noResponse(): ExchangeError {
  return new ExchangeError("NO_RESPONSE", "the proxy ended the exchange without a response");
}

function describeResult(value: unknown): string {
  if (typeof value !== "object") return `a ${typeof value}`;
  return value instanceof Request ? "a Request" : "an object that is neither a Response nor what next() gave";
}
