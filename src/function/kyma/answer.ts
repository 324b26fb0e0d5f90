/** What a Kyma function gave, as a response. */
import type { HeaderValue } from "../express-like/outgoing-headers.ts";
import type { EventResponse } from "../express-like/response.ts";

/** The third argument of a function, and what becomes of the value it returns. */
export function sendKymaResponse(
  response: EventResponse,
  body: unknown,
  status?: number,
  headers?: Readonly<Record<string, HeaderValue>>,
): void {
  if (headers !== undefined && headers !== null) response.set(headers);
  if (!body) {
    // To Kyma all falsy values are no body; a status alone is sent with its name.
    if (status) response.sendStatus(status);
    else response.end();
    return;
  }
  if (status) response.status(status);
  if (typeof body === "object") response.json(body);
  else if (typeof body === "string") response.end(body);
  else throw new TypeError(`the function gave a ${typeof body}, which is no body: return text or an object`);
}

/** A string that is thrown is meant for the client; everything else is for the log. */
export function sendKymaFailure(response: EventResponse, error: unknown): void {
  sendKymaResponse(response, typeof error === "string" ? error : "Internal server error", 500);
}
