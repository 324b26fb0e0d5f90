/** What Kubeless' scheduled trigger sends its functions beside the payload (`CronJobTrigger`). */
import type { FieldLines, FunctionEvent } from "../../event/contract.ts";

/** Where the configuration says otherwise, it wins. Without a method: GET, and POST with a body. */
export function addKubelessHeaders(event: FunctionEvent): FunctionEvent {
  const given = new Set(event.headers.map(([name]) => name));
  const added: FieldLines = [
    ["event-id", event.id],
    [
      "event-time",
      event.timestamp
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/u, "+00:00"),
    ],
    ["event-namespace", "cronjobtrigger.kubeless.io"],
    ["event-type", "application/json"],
    ["content-type", "application/json"],
  ];
  return {
    ...event,
    method: event.method || (event.body.byteLength === 0 ? "GET" : "POST"),
    headers: [...event.headers, ...added.filter(([name]) => !given.has(name))],
  };
}
