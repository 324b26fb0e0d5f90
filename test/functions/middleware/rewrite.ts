import type { Middleware } from "digitalhub-processor";

export default (async (exchange, next) => {
  exchange.request.path = "/rewritten";
  exchange.request.body = (await exchange.request.text()).toUpperCase();
  const response = await next();
  response.status = 418;
  response.body = `${await response.text()}, rewritten`;
}) satisfies Middleware;
