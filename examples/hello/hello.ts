/** Greets the upstream in the request and the client in the response. */
import type { Middleware } from "digitalhub-processor";

export default (async (exchange, next) => {
  exchange.request.headers.set("x-hello", "upstream");
  const response = await next();
  response.headers.set("x-hello", "client");
}) satisfies Middleware;
