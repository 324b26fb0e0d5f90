import type { Middleware } from "digitalhub-processor";

export default ((exchange) => {
  exchange.request.headers.set("x-request-seen", "yes");
}) satisfies Middleware;
