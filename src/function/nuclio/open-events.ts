/** A Nuclio handler in JavaScript, ready for events. */
import type { EventFunction, FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { toEventFunction } from "./event-function.ts";
import { type NuclioHost, openNuclioFunction } from "./open.ts";

/** @throws FunctionLoadError `INIT_CONTEXT_FAILED` */
export async function openNuclioEvents(
  loaded: Extract<LoadedFunction, { contract: "nuclio" }>,
  host: NuclioHost & Pick<FunctionHost, "eventTimeoutMs">,
): Promise<EventFunction> {
  return toEventFunction(await openNuclioFunction(loaded, host), host, describeScriptError);
}

/** As the reference's Node.js wrapper words it. */
function describeScriptError(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined;
  return `Error in handler: ${String(error)}\n${stack ?? ""}`;
}
