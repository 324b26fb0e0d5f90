/**
 * One exchange under a function that only looks: every message is answered unchanged at once, and copies of the messages
 * go to the observer. In Envoy's observability mode nothing is answered at all.
 */
import { FieldList } from "../../function/header-list.ts";
import { type CallReceiver, type Frames, type ServerCall, StatusCode } from "../../grpc/contract.ts";
import type { Logger } from "../../telemetry/log.ts";
import { BodyMode, type ProtocolConfig, bodyDelivery } from "./body-mode.ts";
import type { BodyDelivery, MessageCopy, Observer } from "./digital-hub/contract.ts";
import type { Outcome } from "./exchange-metrics.ts";
import { ObservedBody } from "./observed-body.ts";
import type { ExtprocService, ServedExchange } from "./service.ts";
import { Phase, type ProcessingRequestReader } from "./wire/processing-request.ts";
import { encodeStreamedBody, unchangedAnswer } from "./wire/processing-response.ts";

export class ObserverSession implements CallReceiver, ServedExchange {
  readonly call: ServerCall;
  readonly service: ExtprocService;
  place = -1;
  readonly #observer: Observer;
  readonly #bodies: { request: ObservedBody | null; response: ObservedBody | null } = { request: null, response: null };
  #config: ProtocolConfig | null = null;
  #requestFields: FieldList | null = null;
  #id: string | null = null;
  #log: Logger | null = null;
  #ended = false;
  #duplexOpen = 0;

  constructor(service: ExtprocService, observer: Observer, call: ServerCall) {
    this.service = service;
    this.call = call;
    this.#observer = observer;
    service.sessions.add(this);
    service.metrics.inFlight.value++;
  }

  onMessage(bytes: Uint8Array, start: number, end: number): void {
    if (this.#ended) return;
    const { reader, metrics } = this.service;
    const arrivedAt = performance.now();
    try {
      reader.read(bytes, start, end);
    } catch (error) {
      this.service.log.error({ err: error }, "a message of the proxy is not a ProcessingRequest");
      this.#finish("failed", StatusCode.INVALID_ARGUMENT);
      return;
    }
    this.#config ??= reader.protocolConfig;
    const { phase } = reader;
    if (phase === Phase.NONE) return;
    metrics.received(phase);
    if (!reader.observability) {
      this.call.sendFramed(this.#answer(reader));
      metrics.answered(phase, performance.now() - arrivedAt);
    }
    this.#observe(reader);
  }

  onHalfClose(): void {
    this.#finish("completed", StatusCode.OK);
  }

  onCancel(): void {
    this.#finish("completed", StatusCode.OK);
  }

  onWritable(): void {}

  onOversizedMessage(bytes: number): boolean {
    this.service.log.warn({ bytes }, "a message longer than maxMessageBytes was not observed");
    this.#finish("failed", this.#duplexOpen > 0 ? StatusCode.INTERNAL : StatusCode.OK);
    return true;
  }

  endForDrain(): void {
    this.#finish("closed_early", this.#duplexOpen > 0 ? StatusCode.UNAVAILABLE : StatusCode.OK);
  }

  checkDeadline(): void {} // answers never wait for the observer

  #answer(reader: ProcessingRequestReader): Frames {
    const { phase } = reader;
    const isBody = phase === Phase.REQUEST_BODY || phase === Phase.RESPONSE_BODY;
    if (!isBody || this.#mode(phase === Phase.REQUEST_BODY) !== BodyMode.FULL_DUPLEX_STREAMED) {
      return unchangedAnswer(phase);
    }
    return encodeStreamedBody(phase, reader.body(), reader.endOfStream, null);
  }

  #observe(reader: ProcessingRequestReader): void {
    switch (reader.phase) {
      case Phase.REQUEST_HEADERS:
      case Phase.RESPONSE_HEADERS:
        this.#headersPassed(reader, reader.phase === Phase.REQUEST_HEADERS ? "request" : "response");
        return;
      case Phase.REQUEST_BODY:
        this.#bodies.request?.push(reader.body(), reader.endOfStream);
        return;
      case Phase.RESPONSE_BODY:
        this.#bodies.response?.push(reader.body(), reader.endOfStream);
        return;
      case Phase.REQUEST_TRAILERS:
        this.#bodies.request?.end();
        return;
      case Phase.RESPONSE_TRAILERS:
        this.#bodies.response?.end();
        return;
      case Phase.NONE:
    }
  }

  #headersPassed(reader: ProcessingRequestReader, direction: "request" | "response"): void {
    const mode = this.#mode(direction === "request");
    const delivery = bodyDelivery(mode, reader.endOfStream);
    if (mode === BodyMode.FULL_DUPLEX_STREAMED && !reader.endOfStream) this.#duplexOpen++;
    if (direction === "response") this.#bodies.request?.end();
    const full = this.#observer.full;
    if (full && direction === "response") {
      this.#observer.drop();
      return;
    }
    const fields = new FieldList(reader.headers());
    if (direction === "request") {
      this.#requestFields = fields;
      if (full) {
        this.#observer.drop();
        return;
      }
    }
    const body = delivery === "none" ? null : new ObservedBody(this.service, fields, mode, direction);
    this.#bodies[direction] = body;
    this.#observer.observe(this.#copy(direction, fields, delivery, body));
  }

  #copy(
    direction: "request" | "response",
    headers: FieldList,
    delivery: BodyDelivery,
    body: ObservedBody | null,
  ): MessageCopy {
    const request = this.#requestFields;
    return {
      exchangeId: this.#exchangeId(headers),
      direction,
      path: request?.pseudo(":path") ?? "",
      method: request?.pseudo(":method") ?? "",
      headers,
      bodyDelivery: delivery,
      bytes: () => (body === null ? Promise.resolve(new Uint8Array(0)) : body.read()),
      log: (this.#log ??= this.service.log.child({ exchange: this.#exchangeId(headers) })),
    };
  }

  #exchangeId(fields: FieldList): string {
    const { requestIdHeaderName, requestIdFallback } = this.service.settings.processing;
    const source = this.#requestFields ?? fields;
    return (this.#id ??= source.get(requestIdHeaderName) ?? (requestIdFallback || crypto.randomUUID()));
  }

  #mode(isRequest: boolean): BodyMode {
    // Without an announcement the answers of the modes that wait for one fit all that can arrive.
    const config = this.#config;
    if (config === null) return BodyMode.STREAMED;
    return isRequest ? config.requestBodyMode : config.responseBodyMode;
  }

  #finish(outcome: Outcome, code: StatusCode): void {
    if (this.#ended) return;
    this.#ended = true;
    this.service.sessions.delete(this);
    this.service.metrics.ended(outcome);
    this.call.end({ code });
    this.#bodies.request?.end();
    this.#bodies.response?.end();
  }
}
