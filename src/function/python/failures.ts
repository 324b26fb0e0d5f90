/** Why an event got no result of its Python handler, with what an HTTP client is told. */
import type { EventResult } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import { timedOutAnswer } from "../time-limit.ts";
import { PythonError } from "./python-error.ts";

/** @param answer The text with which the wrapper answered for its handler: its message, then the traceback. */
export function handlerRaised(answer: string, directory: string): EventError {
  const start = answer.indexOf("Traceback (most recent call last)");
  const error = new PythonError(start < 0 ? answer : answer.slice(start), directory);
  return new EventError("HANDLER_FAILED", `the handler failed: ${error.name}: ${error.message}`, plain(500, answer), {
    cause: error,
  });
}

/** The handler gave, or the wrapper sent, what is no result. */
export function badResult(cause: unknown): EventError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EventError("HANDLER_FAILED", message, plain(500, message), { cause });
}

export function badEvent(cause: unknown): EventError {
  const message = `the event cannot be sent to Python: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new EventError("BAD_EVENT", message, plain(400, message), { cause });
}

export function timedOut(timeoutMs: number): EventError {
  const message = `the handler took longer than the eventTimeout of ${timeoutMs} ms: its process was ended`;
  return new EventError("TIMED_OUT", message, timedOutAnswer);
}

export function noWorker(waitedMs: number): EventError {
  const message = `no Python worker was free within workerAvailabilityTimeoutMilliseconds (${waitedMs})`;
  return new EventError("NO_WORKER", message, { status: 503, headers: [], body: null });
}

export function closing(): EventError {
  return new EventError("NO_WORKER", "the Python workers are ending", { status: 503, headers: [], body: null });
}

/** @param how As in "was killed by SIGKILL". */
export function workerLost(how: string): EventError {
  const message = `the function's Python process ${how} before it answered`;
  return new EventError("WORKER_LOST", message, plain(500, message));
}

export function cancelled(): EventError {
  return new EventError("CANCELLED", "nobody waits for the event any more", plain(500, ""));
}

function plain(status: number, text: string): EventResult {
  return { status, headers: [["content-type", "text/plain"]], body: Buffer.from(text) };
}
