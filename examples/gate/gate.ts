/** Lets only requests with a known key pass. The others are answered here; nothing of them reaches the upstream. */
import type { Middleware } from "digitalhub-processor";

const keys = new Set((process.env["API_KEYS"] ?? "open-sesame").split(","));

export default ((exchange) => {
  const key = exchange.request.headers.get("x-api-key");
  if (key !== null && keys.has(key)) {
    exchange.request.headers.delete("x-api-key");
    return undefined;
  }
  exchange.details = "no_known_api_key";
  return Response.json({ error: "an x-api-key header is needed" }, { status: 401 });
}) satisfies Middleware;
