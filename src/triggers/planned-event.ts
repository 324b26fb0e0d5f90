/** The event a configuration describes, as a function is called with it. */
import type { FunctionEvent, TriggerInfo } from "../event/contract.ts";
import type { EventTemplate } from "./event-options.ts";

/** @param id Fresh for every occasion. */
export function createPlannedEvent(
  template: EventTemplate,
  trigger: TriggerInfo,
  id: string,
  timestamp: Date,
): FunctionEvent {
  const { method, path, query, headers, body } = template;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return { id, trigger, timestamp, method, path, query, headers, body: bytes, url: "" };
}
