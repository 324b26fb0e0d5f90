import type { Middleware } from "digitalhub-processor";

export default (async (_exchange, next) => {
  const response = await next();
  response.body = await response.bytes();
}) satisfies Middleware;
