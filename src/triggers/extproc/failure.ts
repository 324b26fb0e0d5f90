/** What a function's failure is called in metrics, and which ends are none. */
import { EventError } from "../../event/event-error.ts";
import { ExchangeError } from "../../function/errors.ts";

/** A short stable word: the code of our own errors, "threw" for the function's. */
export function failureReason(error: unknown): string {
  if (error instanceof EventError) return error.code === "HANDLER_FAILED" ? "threw" : error.code;
  return error instanceof ExchangeError ? error.code : "threw";
}

/** True for what `next()` and `signal` reject with when the proxy ended the exchange: the function did nothing wrong. */
export function isQuietEnd(error: unknown): boolean {
  return error instanceof ExchangeError && (error.code === "NO_RESPONSE" || error.code === "CANCELLED");
}
