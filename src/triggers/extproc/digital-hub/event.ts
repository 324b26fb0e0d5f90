/** The event a Digital Hub handler is called with: the message, and on responses the request line it answers. */
import type { HeaderList, NuclioEvent } from "../../../function/contract.ts";
import { createEvent } from "../../../function/nuclio/event.ts";
import type { ProcessingPhase } from "./processing-phase.ts";

export interface ProcessedMessage {
  readonly phase: ProcessingPhase;
  readonly method: string;
  /** With query, as in the request line. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  readonly trigger: NuclioEvent["trigger"];
  /** When the exchange began. */
  readonly timestamp: Date;
}

/** Header by which a handler says its status: told to us, never by a client or an upstream to the handler. */
export const STATUS_HEADER = "x-processing-status";
export const PHASE_HEADER = "processing-phase";

export function createProcessingEvent(message: ProcessedMessage): NuclioEvent {
  const { path, query } = splitPath(message.path);
  return createEvent({
    trigger: message.trigger,
    body: message.body,
    headers: headerRecord(message.headers, message.phase),
    fields: queryFields(query),
    method: message.method,
    path,
    url: message.path,
    timestamp: message.timestamp,
  });
}

/** Lines of the same name are joined, so that none is lost. */
function headerRecord(headers: HeaderList, phase: ProcessingPhase): Record<string, string> {
  const record = new Map<string, string>();
  for (const [name, value] of headers) {
    if (name === STATUS_HEADER) continue;
    record.set(name, record.has(name) ? (headers.get(name) ?? value) : value);
  }
  record.set(PHASE_HEADER, phase);
  return Object.fromEntries(record);
}

/** The query begins at the first question mark; others belong to it. */
function splitPath(pathWithQuery: string): { path: string; query: string } {
  const mark = pathWithQuery.indexOf("?");
  if (mark < 0) return { path: pathWithQuery, query: "" };
  return { path: pathWithQuery.slice(0, mark), query: pathWithQuery.slice(mark + 1) };
}

/** Values of the same name are joined with a comma. */
function queryFields(query: string): Record<string, string> {
  if (query === "") return {};
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(fields);
}
