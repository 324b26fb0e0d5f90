import { getTracer } from "sdk";

export function traced(_request, response) {
  const span = getTracer().startSpan("mine");
  response.send(span.spanContext().traceId);
  span.end();
}
