import type { Middleware } from "digitalhub-processor";

export default ((exchange) => {
  const isKnown = exchange.request.headers.get("authorization") === "Bearer yes";
  return isKnown ? undefined : new Response("who?", { status: 401 });
}) satisfies Middleware;
