/** CloudEvents a Kyma function receives: in the body (structured) or in header fields (binary). */
import { matchMediaType } from "../express-like/media-type.ts";
import type { EventRequest } from "../express-like/request.ts";

/** Thrown for what says it is a CloudEvent and is none. */
export class CloudEventError extends Error {
  override readonly name = "CloudEventError";
}

export interface ReceivedCloudEvent {
  /** Keys of the function's event: `ce-type`, `ce-source` and so on; undefined where the event says nothing. */
  readonly fields: Readonly<Record<`ce-${string}`, unknown>>;
  readonly data: unknown;
}

/**
 * Null when the request is none: it needs a body, and the type `application/cloudevents+json` or both `ce-type` and
 * `ce-source`.
 * @throws CloudEventError
 */
export function readCloudEvent(request: EventRequest): ReceivedCloudEvent | null {
  if (!isPresent(request.body)) return null;
  if (matchMediaType(request.get("content-type"), ["application/cloudevents+json"]) !== false) {
    return readStructured(request.body);
  }
  if (request.get("ce-type") === undefined || request.get("ce-source") === undefined) return null;
  return readBinary(request);
}

/** What Kyma takes for a body: falsy JSON values are none. */
export function isPresent(body: unknown): boolean {
  return Boolean(body);
}

/** Required attributes may be missing; id and time are made up then. */
function readStructured(body: unknown): ReceivedCloudEvent {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new CloudEventError("no cloud event detected: the body is no JSON object");
  }
  const event = body as Readonly<Record<string, unknown>>;
  const base64 = event["data_base64"];
  return {
    fields: fieldsOf((name) => event[name], event["datacontenttype"]),
    data: event["data"] === undefined && typeof base64 === "string" ? Buffer.from(base64, "base64") : event["data"],
  };
}

function readBinary(request: EventRequest): ReceivedCloudEvent {
  if (request.get("ce-id") === undefined) throw new CloudEventError("no cloud event detected: there is no ce-id");
  return {
    fields: fieldsOf((name) => request.get(`ce-${name}`), request.get("content-type")),
    data: request.body,
  };
}

function fieldsOf(attribute: (name: string) => unknown, contentType: unknown): ReceivedCloudEvent["fields"] {
  return {
    "ce-type": attribute("type"),
    "ce-source": attribute("source"),
    "ce-eventtypeversion": attribute("eventtypeversion"),
    "ce-specversion": attribute("specversion"),
    "ce-id": attribute("id") ?? crypto.randomUUID(),
    "ce-time": normalizeTime(attribute("time")),
    "ce-datacontenttype": contentType,
  };
}

/** In UTC with milliseconds; now when there is none. What is no time stays as it is. */
function normalizeTime(time: unknown): unknown {
  if (time === undefined) return new Date().toISOString();
  const date = typeof time === "string" ? new Date(time) : null;
  return date === null || Number.isNaN(date.getTime()) ? time : date.toISOString();
}
