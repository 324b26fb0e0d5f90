/** Opens a function for events: the one place that knows which contract is called how. */
import type { EventFunction, FunctionHost } from "./event-function.ts";
import { FunctionLoadError } from "./load-error.ts";
import type { LoadedFunction } from "./loaded-function.ts";

/**
 * Awaits what the contract does before the first event, e.g. `initContext`.
 * @throws FunctionLoadError
 */
export function openEventFunction(loaded: LoadedFunction, host: FunctionHost): Promise<EventFunction> {
  if (loaded.contract === "nuclio") {
    return import("./nuclio/open-events.ts").then(({ openNuclioEvents }) => openNuclioEvents(loaded, host));
  }
  const { file, exportName } = loaded.origin;
  const message = `${file}: export "${exportName}" is a ${loaded.contract} function, which a trigger of the kind ${host.trigger.kind} cannot run`;
  return Promise.reject(new FunctionLoadError("CONTRACT_MISMATCH", null, message));
}
