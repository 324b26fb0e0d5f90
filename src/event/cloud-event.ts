/**
 * CloudEvents over HTTP, structured and binary: version 0.1 as Nuclio reads it, and 1.0 (HTTP protocol binding 3.1, 3.2;
 * JSON event format). What an event leaves out is "".
 */
import type { FieldLines, FunctionEvent } from "./contract.ts";
import { readBinaryEvent } from "./cloud-event-binary.ts";
import { readStructuredEvent } from "./cloud-event-structured.ts";

export interface CloudEvent {
  /** Structured: the body is the event; binary: headers and body are. */
  readonly mode: "structured" | "binary";
  /** As given, e.g. "0.1" or "1.0". */
  readonly version: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** 0.1 only. */
  readonly typeVersion: string;
  /** Null: none was given, or in 0.1 one that is no time. */
  readonly time: Date | null;
  /** 0.1: the header `CE-Name` of binary mode. */
  readonly subject: string;
  readonly dataSchema: string;
  /** The type of the data; "" when the event names none. */
  readonly contentType: string;
  readonly data: CloudEventData;
  /** Attributes beyond those above, names as sent in lower case (0.1: as sent). */
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** `json` comes of structured events only, whose data is part of the JSON around it. */
export type CloudEventData =
  { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "json"; readonly value: unknown };

/**
 * Null when the event is none.
 * @throws EventError `BAD_EVENT`: 500 when a structured event is no JSON object, as Nuclio answers; 400 when an event of
 * version 1.0 lacks what that demands.
 */
export function readCloudEvent(event: Pick<FunctionEvent, "headers" | "body">): CloudEvent | null {
  const contentType = lastValue(event.headers, "content-type") ?? "";
  if (contentType.toLowerCase().startsWith("application/cloudevents")) return readStructuredEvent(event.body);
  for (const [name] of event.headers) {
    if (name === "ce-specversion" || name === "ce-cloudeventsversion") return readBinaryEvent(event, contentType);
  }
  return null;
}

function lastValue(headers: FieldLines, name: string): string | undefined {
  return headers.findLast((line) => line[0] === name)?.[1];
}
