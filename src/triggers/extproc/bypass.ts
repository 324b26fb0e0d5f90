/** When a response passes without the function. */
import { BodyMode } from "./body-mode.ts";
import type { Direction } from "./direction.ts";
import type { Outcome } from "./exchange-metrics.ts";
import type { ExtprocService } from "./service.ts";

/** What an exchange counts as whose response passes by the function; null: the function takes part. */
export function bypassOf(request: Direction, service: ExtprocService): Outcome | null {
  if (!request.begun) return service.runsWithoutRequest ? null : "without_request";
  const { waitsForBody, isPreparing, mode, committed } = request;
  // Envoy holds such a request back: this is a reply of its own (413, a filter, a timeout), no opened gate.
  return (waitsForBody || isPreparing) && mode !== BodyMode.NONE && !committed ? "incomplete" : null;
}
