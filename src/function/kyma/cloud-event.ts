/** CloudEvents a Kyma function receives: in the body (structured) or in header fields (binary). */
import { matchMediaType } from "../express-like/media-type.ts";
import type { EventRequest } from "../express-like/request.ts";

/** Thrown for what says it is a CloudEvent and is none. */
export class CloudEventError extends Error {
  override readonly name = "CloudEventError";
}

export interface ReceivedCloudEvent {
  /** Context attributes and extensions by their names in CloudEvents 1.0; those that are not sent are absent. */
  readonly attributes: Readonly<Record<string, unknown>>;
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
  if (!request.get("ce-type") || !request.get("ce-source")) return null;
  return readBinary(request);
}

/** What Kyma takes for a body: falsy JSON values are none. */
export function isPresent(body: unknown): boolean {
  return Boolean(body);
}

/** Required attributes may be missing; id, time and version are made up then. */
function readStructured(body: unknown): ReceivedCloudEvent {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new CloudEventError("no cloud event detected: the body is no JSON object");
  }
  const { data, data_base64: base64, ...attributes } = body as Readonly<Record<string, unknown>>;
  const decoded = typeof base64 === "string" ? Buffer.from(base64, "base64") : data;
  return { attributes: complete(attributes), data: decoded };
}

function readBinary(request: EventRequest): ReceivedCloudEvent {
  const headers = Object.entries(request.headers).filter(([name]) => name.startsWith("ce-"));
  const attributes: Record<string, unknown> = Object.fromEntries(
    headers.map(([name, value]) => [name.slice(3), value]),
  );
  if (attributes["id"] === undefined) throw new CloudEventError("no cloud event detected: there is no ce-id");
  const contentType = request.get("content-type");
  if (contentType !== undefined) attributes["datacontenttype"] ??= contentType;
  return { attributes: complete(attributes), data: request.body };
}

function complete(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    specversion: "1.0",
    ...attributes,
    id: attributes["id"] ?? crypto.randomUUID(),
    time: normalizeTime(attributes["time"]),
  };
}

/** In UTC with milliseconds; now when there is none. What is no time stays as it is. */
function normalizeTime(time: unknown): unknown {
  if (time === undefined) return new Date().toISOString();
  const date = typeof time === "string" ? new Date(time) : null;
  return date === null || Number.isNaN(date.getTime()) ? time : date.toISOString();
}
