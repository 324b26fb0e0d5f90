/** A Nuclio handler for events: `FunctionEvent` in, `EventResult` out. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { EventFunction, FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { createEvent } from "./event.ts";
import { openNuclioFunction } from "./open.ts";

export async function openNuclioEvents(
  loaded: Extract<LoadedFunction, { contract: "nuclio" }>,
  host: FunctionHost,
): Promise<EventFunction> {
  const opened = await openNuclioFunction(loaded, host);
  return {
    origin: loaded.origin,
    web: null,
    surface: null,
    async invoke(event: FunctionEvent, call): Promise<EventResult> {
      const fields = Object.fromEntries(new URLSearchParams(event.query));
      const headers = Object.fromEntries(event.headers);
      const nuclio = createEvent({ ...event, fields, headers });
      try {
        const { status, headers: lines, body } = await opened.invoke({ ...nuclio, id: event.id }, call);
        return { status: status ?? 200, headers: lines, body };
      } catch (cause) {
        throw new EventError(
          "HANDLER_FAILED",
          "the handler failed",
          { status: 500, headers: [], body: null },
          { cause },
        );
      }
    },
    close: () => Promise.resolve(),
  };
}
