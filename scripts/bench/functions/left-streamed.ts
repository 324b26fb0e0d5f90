import type { Middleware } from "digitalhub-processor";

export default (async (_exchange, next) => {
  const response = await next();
  await response.trailers; // the body comes, and nobody reads it
}) satisfies Middleware;
