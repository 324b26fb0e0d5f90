/** Reads what the upstream's echo says it received. */
import type { ClientResponse } from "./client.ts";
import { headerValues } from "./http1.ts";
import type { Echo } from "./upstream.ts";

/** The request as the upstream received it. Throws with the answer's text when it is no echo. */
export function echoed(response: ClientResponse): Echo {
  try {
    return JSON.parse(response.text) as Echo;
  } catch {
    throw new Error(`not an echo: ${response.status} ${response.text.slice(0, 500)}`);
  }
}

/** Every value of a header the upstream received. */
export function upstreamValues(response: ClientResponse, name: string): string[] {
  return headerValues(echoed(response).headers, name);
}

/** Every value of a header the client received. */
export function clientValues(response: ClientResponse, name: string): string[] {
  return headerValues(response.headers, name);
}
