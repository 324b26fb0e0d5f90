/** Why an event has no result of its function. */
import type { EventResult } from "./contract.ts";

/**
 * - `HANDLER_FAILED`: it threw, rejected or gave what cannot be sent; `cause` is the error.
 * - `TIMED_OUT`: it took longer than it may; it may still be running.
 * - `NO_WORKER`: none was free within `workerAvailabilityTimeoutMilliseconds`.
 * - `WORKER_LOST`: the process it ran in ended.
 * - `BAD_EVENT`: what arrived is not what its headers say, e.g. a CloudEvent that is no JSON.
 * - `TOO_LARGE`: its body is longer than allowed.
 * - `CANCELLED`: nobody waits for the result any more.
 */
export type EventErrorCode =
  "HANDLER_FAILED" | "TIMED_OUT" | "NO_WORKER" | "WORKER_LOST" | "BAD_EVENT" | "TOO_LARGE" | "CANCELLED";

/** The message is for the log; `answer` is what an HTTP client is told, as the function's contract words it. */
export class EventError extends Error {
  override readonly name = "EventError";
  readonly code: EventErrorCode;
  readonly answer: EventResult;
  constructor(code: EventErrorCode, message: string, answer: EventResult, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.answer = answer;
  }
}
