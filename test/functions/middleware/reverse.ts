import type { Middleware } from "digitalhub-processor";

export default (async (exchange) => {
  return new Response(Buffer.from(await exchange.request.bytes()).reverse());
}) satisfies Middleware;
