/** Makes the upstream's response on its way say what a `Response` of the function says. */
import { parseContentEncoding } from "../compression/content-encoding.ts";
import { plainStream } from "../compression/plain-stream.ts";
import type { ResponseMessage } from "../function/contract.ts";

/** Of who sends it on and of the connection, whatever a copy of the upstream's headers says of them. */
const NOT_OURS = new Set(["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"]);

/**
 * A coding both name comes off the body, if it is there: the message's new body gets the coding of the old one.
 * @throws ExchangeError for what the message refuses.
 */
export function becomeResponse(message: ResponseMessage, { status, headers, body }: Response): void {
  const coding = headers.get("content-encoding");
  const keepsCoding = coding !== null && coding === message.headers.get("content-encoding");
  message.status = status;
  for (const name of new Set(message.headers.keys())) {
    if (!headers.has(name) && !NOT_OURS.has(name) && !name.startsWith("x-envoy-")) message.headers.delete(name);
  }
  for (const name of new Set(headers.keys())) {
    const values = name === "set-cookie" ? headers.getSetCookie() : [headers.get(name) ?? ""];
    if (NOT_OURS.has(name) || values.join(", ") === message.headers.get(name)) continue;
    message.headers.delete(name);
    for (const value of values) message.headers.append(name, value);
  }
  message.body = keepsCoding && body !== null ? plainStream(body, parseContentEncoding(coding)) : body;
}
