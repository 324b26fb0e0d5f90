/** What an exchange tells and takes beside its messages, and how it ends; one behaviour a path. */
import type { Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/attributes": async ({ attributes }, next) => {
    const request = {
      address: attributes.get("source.address"),
      path: attributes.get("request.path"),
      connection: typeof attributes.get("connection.id"),
      mtls: attributes.get("connection.mtls"),
      absent: attributes.get("response.code"),
    };
    const response = await next();
    response.headers.set("x-attributes", JSON.stringify({ ...request, code: attributes.get("response.code") }));
  },
  "/metadata": async ({ metadata }, next) => {
    metadata.set("function.test", "tier", "gold");
    const response = await next();
    const seen = [
      metadata.get("forwarded.test", "who"),
      metadata.get("other.test", "who"),
      metadata.initial("x-initial"),
    ];
    response.headers.set("x-metadata", JSON.stringify(seen));
  },
  "/slow-request": async ({ request }) => {
    await Bun.sleep(300);
    request.headers.set("x-function", "slow");
  },
  "/slow-response": async (_exchange, next) => {
    const response = await next();
    await Bun.sleep(300);
    response.headers.set("x-function", "slow");
  },
  "/without-request": async (exchange, next) => {
    const response = await next();
    response.headers.set("x-seen", String(exchange.requestSeen));
  },
  "/signal": async ({ signal, log }, next) => {
    signal.addEventListener("abort", () => log.info("the exchange was given up"));
    await next();
  },
  "/signal-slow": async ({ signal, log }) => {
    signal.addEventListener("abort", () => log.info("the slow exchange was given up"));
    await Bun.sleep(1000);
  },
};

export default (async (exchange, next) => {
  const path = (exchange.request.path || "/without-request").split("?", 1)[0] ?? "";
  const behaviour = behaviours[path];
  if (behaviour !== undefined) return await behaviour(exchange, next);
  const response = await next();
  response.headers.set("x-seen", String(exchange.requestSeen));
  return undefined;
}) satisfies Middleware;
