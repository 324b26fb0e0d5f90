/** Opens a function for events: the one place that knows which contract is called how. */
import type { EventFunction, FunctionHost } from "./event-function.ts";
import { FunctionLoadError } from "./load-error.ts";
import type { LoadedFunction } from "./loaded-function.ts";

/**
 * Awaits what the contract does before the first event, e.g. `initContext`.
 * @throws FunctionLoadError
 */
export async function openEventFunction(loaded: LoadedFunction, host: FunctionHost): Promise<EventFunction> {
  switch (loaded.contract) {
    case "fetch":
      return (await import("./fetch/open.ts")).openFetchFunction(loaded, host);
    case "nuclio":
      return (await import("./nuclio/open-events.ts")).openNuclioEvents(loaded, host);
    case "kubeless":
      return (await import("./kubeless/open.ts")).openKubelessFunction(loaded, host);
    case "kyma":
      return (await import("./kyma/open.ts")).openKymaFunction(loaded, host);
    case "python":
      return (await import("./python/open-events.ts")).openPythonEvents(loaded, host);
    default: {
      const { file, exportName } = loaded.origin;
      const message = `${file}: export "${exportName}" is a ${loaded.contract} function, which a trigger of the kind ${host.trigger.kind} cannot run`;
      throw new FunctionLoadError("CONTRACT_MISMATCH", null, message);
    }
  }
}
