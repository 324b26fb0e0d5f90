import type { Middleware } from "digitalhub-processor";

export default (async (exchange) => {
  if (exchange.request.path === "/rejected") await Promise.reject(new Error("no stock"));
  throw new Error("no stock");
}) satisfies Middleware;
