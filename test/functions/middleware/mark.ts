import type { Middleware } from "digitalhub-processor";

export default (async (exchange, next) => {
  exchange.request.headers.set("x-order", String(((await exchange.request.json()) as { id: number }).id));
  const response = await next();
  response.headers.set("x-marked", "yes");
  response.headers.delete("server");
}) satisfies Middleware;
