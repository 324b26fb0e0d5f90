import type { Middleware } from "digitalhub-processor";

const names = Array.from({ length: 50 }, (_, index) => `x-added-${index}`);

export default (async (exchange, next) => {
  for (const name of names) exchange.request.headers.set(name, "yes");
  const response = await next();
  await response.bytes();
  for (const name of names) response.headers.set(name, "yes");
}) satisfies Middleware;
