import type { Middleware } from "digitalhub-processor";

export default (async (_exchange, next) => {
  const response = await next();
  response.headers.set("x-response-seen", "yes");
}) satisfies Middleware;
