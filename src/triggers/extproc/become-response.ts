/** Makes the upstream's response on its way say what a `Response` of the function says. */
import type { ProxiedResponse } from "./message.ts";

/** Of the proxy and of the connection, whatever a copy of the upstream's headers says of them. */
const NOT_OURS = new Set(["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"]);

/** @throws ExchangeError for what Envoy would refuse, as the members of the message do. */
export function becomeResponse(message: ProxiedResponse, { status, headers, body }: Response): void {
  message.status = status;
  for (const name of new Set(message.headers.keys())) {
    if (!headers.has(name) && !NOT_OURS.has(name) && !name.startsWith("x-envoy-")) message.headers.delete(name);
  }
  for (const name of new Set(headers.keys())) {
    const values = name === "set-cookie" ? headers.getSetCookie() : [headers.get(name) ?? ""];
    // Untouched, content-encoding keeps its meaning: a new body gets the coding of the old one.
    if (NOT_OURS.has(name) || values.join(", ") === message.headers.get(name)) continue;
    message.headers.delete(name);
    for (const value of values) message.headers.append(name, value);
  }
  message.body = body;
}
