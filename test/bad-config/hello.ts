/** What the configurations beside it name as their function. */
import type { Middleware } from "../../src/function/contract.ts";

export default ((exchange) => {
  exchange.request.headers.set("x-hello", "hello");
}) satisfies Middleware;
