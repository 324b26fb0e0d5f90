import type { Middleware } from "digitalhub-processor";

export default (async (_exchange, next) => {
  const response = await next();
  if (response.body !== null) response.body = response.body.pipeThrough(new TransformStream());
}) satisfies Middleware;
