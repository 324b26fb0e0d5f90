/** The request a Web-standard handler is called with for an event that came over no HTTP server. */
import type { FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";

/**
 * Without a method it is a POST when there is a body, else a GET; a body that the method cannot have is left out.
 * @throws EventError `BAD_EVENT` when no request can carry it.
 */
export function toRequest(event: FunctionEvent, signal: AbortSignal): Request {
  const hasBody = event.body.byteLength > 0;
  const method = event.method === "" ? (hasBody ? "POST" : "GET") : event.method.toUpperCase();
  try {
    const request = new Request(urlOf(event), {
      method,
      signal,
      ...(hasBody && method !== "GET" && method !== "HEAD" && { body: event.body.slice() }),
    });
    for (const [name, value] of event.headers) request.headers.append(name, value);
    return request;
  } catch (cause) {
    const answer = { status: 400, headers: [], body: null };
    throw new EventError("BAD_EVENT", `the event is no HTTP request: ${String(cause)}`, answer, { cause });
  }
}

function urlOf({ url, path, query }: FunctionEvent): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  return `http://localhost${path.startsWith("/") ? "" : "/"}${path}${query === "" ? "" : `?${query}`}`;
}
