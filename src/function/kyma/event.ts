/** The event a Kyma function is called with. */
import type { Tracer } from "@opentelemetry/api";
import type { FunctionLog } from "../contract.ts";
import { matchMediaType } from "../express-like/media-type.ts";
import type { EventRequest } from "../express-like/request.ts";
import type { HeaderValue } from "../express-like/outgoing-headers.ts";
import type { EventResponse } from "../express-like/response.ts";
import { isPresent, readCloudEvent } from "./cloud-event.ts";
import { contentTypeOf, makeCloudEvent, type Publisher, type PublishResponse } from "./publish.ts";

/** As authors know it; with a CloudEvent its attributes stand beside it as `ce-type` and so on. */
export interface KymaEvent {
  /** The body, or the CloudEvent's data; absent when there is none. */
  data?: unknown;
  readonly tracer: Tracer;
  readonly extensions: { readonly request: EventRequest; readonly response: EventResponse };
  setResponseHeader(name: string, value: HeaderValue): void;
  /** A media type or a short name such as "json". */
  setResponseContentType(type: string): void;
  setResponseStatus(status: number): void;
  /** Rejects when the publisher proxy does not take it. */
  emitCloudEvent(type: string, source: string, data: unknown, attributes?: object): Promise<PublishResponse>;
  /** Deprecated: sends a whole CloudEvent as it is. */
  publishCloudEvent(event: unknown): Promise<PublishResponse>;
  /** Deprecated: an answer to the CloudEvent received. */
  buildResponseCloudEvent(id: string, type: string, data: unknown): object;
}

const ATTRIBUTES = ["type", "source", "eventtypeversion", "specversion", "id", "time", "datacontenttype"];

export interface KymaEventMakers {
  readonly tracer: Tracer;
  readonly publish: Publisher;
  readonly log: FunctionLog;
}

/**
 * @param request Its `body` is parsed.
 * @throws CloudEventError
 */
export function buildKymaEvent(request: EventRequest, response: EventResponse, makers: KymaEventMakers): KymaEvent {
  const { tracer, publish, log } = makers;
  const event: KymaEvent = {
    tracer,
    extensions: { request, response },
    setResponseHeader: (name, value) => void response.set(name, value),
    setResponseContentType: (type) => void response.type(type),
    setResponseStatus: (status) => void response.status(status),
    emitCloudEvent: (type, source, data, attributes = {}) =>
      publish(makeCloudEvent(type, source, data, attributes), "application/cloudevents+json; charset=utf-8"),
    publishCloudEvent(given) {
      log.warn("publishCloudEvent is deprecated: use emitCloudEvent");
      return publish(given, "application/cloudevents+json");
    },
    buildResponseCloudEvent: (id, type, data) => ({
      type,
      source: request.get("ce-source"),
      eventtypeversion: request.get("ce-eventtypeversion"),
      specversion: request.get("ce-specversion"),
      id,
      data,
      datacontenttype: contentTypeOf(data),
    }),
  };
  const cloudEvent = readCloudEvent(request);
  if (cloudEvent !== null) {
    const fields = ATTRIBUTES.map((name) => [`ce-${name}`, cloudEvent.attributes[name]]);
    return Object.assign(event, Object.fromEntries(fields), { data: cloudEvent.data });
  }
  const isMultipart = matchMediaType(request.get("content-type"), ["multipart"]) !== false;
  if (isPresent(request.body) && !isMultipart) event.data = request.body;
  return event;
}
