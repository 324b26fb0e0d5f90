/** An event that is not what its headers say. */
import { EventError } from "./event-error.ts";

/** `reason` completes "the CloudEvent …" and is told to the client. */
export function badCloudEvent(status: 400 | 500, reason: string, cause?: unknown): EventError {
  const message = `the CloudEvent ${reason}`;
  const answer = { status, headers: [["content-type", "text/plain"]] as const, body: Buffer.from(message) };
  return new EventError("BAD_EVENT", message, answer, { cause });
}

/** RFC 3339; null when it is none. */
export function parseTime(text: string): Date | null {
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?$/.test(text)) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}
