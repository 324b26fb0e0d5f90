/** Pseudo headers of the request, wherever they are known from. */
import type { Direction } from "./direction.ts";
import type { ExchangeContext } from "./exchange-context.ts";

const attributeOf = {
  ":path": "request.path",
  ":method": "request.method",
  ":authority": "request.host",
  ":scheme": "request.scheme",
} as const;

export type RequestPseudo = keyof typeof attributeOf;

/** From the headers; from Envoy's attributes when the request was not seen; "" when unknown. */
export function requestText(request: Direction, context: ExchangeContext, name: RequestPseudo): string {
  const text = request.pseudo(name);
  if (text !== "") return text;
  const attribute = context.attributes()[attributeOf[name]];
  return typeof attribute === "string" ? attribute : "";
}
