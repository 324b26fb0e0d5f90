/** What Kyma's body parsers make of a request's body. */
import { parse } from "qs";
import { bareMediaType } from "../express-like/media-type.ts";
import type { EventRequest } from "../express-like/request.ts";
import { decodeContent, decodeText, parseJson } from "../express-like/request-body.ts";

/**
 * JSON (any value) of the two types that are JSON to Kyma, text of `text/*`, an object of a form; of everything else a
 * Buffer. `undefined` without a body.
 * @throws BodyError
 */
export function parseKymaBody(request: EventRequest, body: Uint8Array, maxBytes: number): unknown {
  if (!request.hasBody) return undefined;
  const bytes = decodeContent(request, body, maxBytes);
  const type = bareMediaType(request.get("content-type"));
  if (type === "application/json" || type === "application/cloudevents+json") {
    return bytes.byteLength === 0 ? {} : parseJson(decodeText(request, bytes));
  }
  if (type.startsWith("text/")) return decodeText(request, bytes);
  if (type === "application/x-www-form-urlencoded") {
    return parse(decodeText(request, bytes), { allowPrototypes: true, arrayLimit: 100 });
  }
  return bytes;
}
