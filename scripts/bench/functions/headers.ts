import type { Middleware } from "digitalhub-processor";

export default (async (exchange, next) => {
  exchange.request.headers.set("x-request-seen", "yes");
  const response = await next();
  response.headers.set("x-response-seen", "yes");
}) satisfies Middleware;
