/** What becomes of an exchange that goes on without its function: by `onError`, as far as the original can still pass. */
import type { OnError } from "./attributes.ts";
import type { Direction, WayOut } from "./direction.ts";

/**
 * How an exchange goes on after its function failed.
 *
 * - `pass`: the stream ends with OK, the original passes.
 * - `drain`: the same, once the directions have answered what only they can give back.
 * - `error`: the stream ends with an error.
 * - a number: the client gets that status.
 */
export type WayOn = "pass" | "drain" | "error" | number;

/**
 * Carries `onError` out on the directions.
 * @param responseMayFlow bytes of a response that has not begun may be here already.
 */
export function goOnWithoutFunction(
  onError: OnError,
  request: Direction,
  response: Direction,
  responseMayFlow: boolean,
): WayOn {
  if (onError === "fail" || (onError !== "pass" && response.committed)) return "error";
  if (onError !== "pass") return onError;
  const ways = [giveUp(request), giveUp(response)];
  if (ways.includes("none")) return "error";
  if (!ways.includes("drain") && !responseMayFlow) return "pass";
  if (ways[0] === "close" && request.begun) request.letPass();
  if (ways[1] === "close" && response.begun) response.letPass();
  return "drain";
}

/** Drops what the function changed. What begins only after it failed passes like after any function. */
export function giveUp(direction: Direction): WayOut {
  if (!direction.begun) return "close";
  direction.released = true;
  direction.givenUp = true;
  return direction.giveUp();
}
