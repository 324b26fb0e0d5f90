/** A Python handler as triggers of events call it. */
import type { EventFunction, FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { toEventFunction } from "../nuclio/event-function.ts";
import { openPythonFunction } from "./open.ts";

/** @throws FunctionLoadError */
export async function openPythonEvents(
  loaded: Extract<LoadedFunction, { contract: "python" }>,
  host: FunctionHost,
): Promise<EventFunction> {
  // The time limit is the pool's: it can end what hangs. What it rejects with says itself what a client is told.
  return toEventFunction(await openPythonFunction(loaded, host), { ...host, eventTimeoutMs: 0 }, String);
}
