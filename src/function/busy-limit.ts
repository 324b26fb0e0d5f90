/** How long a call may keep its thread to itself. */
import type { LoadedFunction } from "./loaded-function.ts";
import { functionTimeoutMs } from "./function-timeout.ts";

/**
 * Kubeless and Kyma let a function compute for as long as it may take at all, where others have to give the event loop
 * a turn every now and then. 0: nothing is granted.
 */
export function busyLimitMs(
  contract: LoadedFunction["contract"],
  environment: Readonly<Record<string, string | undefined>>,
  eventTimeoutMs: number,
): number {
  return contract === "kubeless" || contract === "kyma" ? functionTimeoutMs(environment, eventTimeoutMs) : 0;
}
