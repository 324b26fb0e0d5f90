/** The event and the context a Kubeless function is called with. */
import { bareMediaType, matchMediaType } from "../express-like/media-type.ts";
import type { EventRequest } from "../express-like/request.ts";
import { decodeContent, parseJson } from "../express-like/request-body.ts";
import type { EventResponse } from "../express-like/response.ts";

/** @throws BodyError */
export function buildKubelessEvent(
  request: EventRequest,
  response: EventResponse,
  body: Uint8Array,
  maxBodyBytes: number,
): object {
  const raw = readBody(request, body, maxBodyBytes);
  request.body = raw ?? {};
  if (raw !== null && bareMediaType(request.get("content-type")) === "application/cloudevents+json") {
    return structuredEvent(parseJson(raw.toString("utf8")), request, response);
  }
  const data = raw === null ? {} : parseData(request, raw);
  if (request.get("ce-cloudeventsversion") !== undefined || request.get("ce-eventtype") !== undefined) {
    return binaryEvent(request, response, data);
  }
  return { ...eventFields(request), data, extensions: { request, response } };
}

/** Null without a body, and for one in parts, which functions take from the request's stream. */
function readBody(request: EventRequest, body: Uint8Array, maxBodyBytes: number): Buffer | null {
  if (!request.hasBody || matchMediaType(request.get("content-type"), ["multipart"]) !== false) return null;
  return decodeContent(request, body, maxBodyBytes);
}

function parseData(request: EventRequest, raw: Buffer): unknown {
  if (raw.byteLength === 0) return raw;
  const isJson = bareMediaType(request.get("content-type")) === "application/json";
  return isJson ? parseJson(raw.toString("utf8")) : raw.toString("utf8");
}

function eventFields(request: EventRequest): object {
  return {
    "event-type": request.get("event-type"),
    "event-id": request.get("event-id"),
    "event-time": request.get("event-time"),
    "event-namespace": request.get("event-namespace"),
  };
}

/** A CloudEvent as a whole in the body: the body is the event. */
function structuredEvent(parsed: unknown, request: EventRequest, response: EventResponse): object {
  const fields: { extensions?: unknown } =
    typeof parsed === "object" && parsed !== null ? parsed : ({ data: parsed } as object);
  const own = typeof fields.extensions === "object" ? fields.extensions : {};
  return { ...fields, extensions: { ...own, request, response } };
}

/** A CloudEvent 0.1 in header fields. */
function binaryEvent(request: EventRequest, response: EventResponse, data: unknown): object {
  const custom = Object.entries(request.headers).filter(([name]) => name.startsWith("ce-x-"));
  const isJson = matchMediaType(request.get("content-type"), ["+json"]) !== false && Buffer.isBuffer(request.body);
  return {
    eventType: request.get("ce-eventtype"),
    eventTypeVersion: request.get("ce-eventtypeversion"),
    eventID: request.get("ce-eventid"),
    eventTime: request.get("ce-eventtime"),
    source: request.get("ce-eventsource"),
    schemaURL: request.get("ce-schemaurl"),
    cloudEventsVersion: request.get("ce-cloudeventsversion"),
    contentType: request.get("content-type"),
    data: isJson ? parseJson((request.body as Buffer).toString("utf8")) : data,
    extensions: { ...Object.fromEntries(custom), request, response },
  };
}
