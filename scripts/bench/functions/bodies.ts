import type { Middleware } from "digitalhub-processor";

export default (async (exchange, next) => {
  await exchange.request.bytes();
  exchange.request.headers.set("x-request-seen", "yes");
  const response = await next();
  await response.bytes();
  response.headers.set("x-response-seen", "yes");
}) satisfies Middleware;
