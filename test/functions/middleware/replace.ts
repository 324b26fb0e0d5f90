import type { Middleware } from "digitalhub-processor";

export default (async (_, next) => {
  const { status } = await next();
  return Response.json({ status }, { status: 203 });
}) satisfies Middleware;
