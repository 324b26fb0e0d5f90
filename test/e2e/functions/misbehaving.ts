/** Functions that harm their worker. */
import type { Middleware } from "digitalhub-processor";

const hoard: Uint8Array[] = [];

export default (async ({ request }, next) => {
  if (request.path === "/loop") for (;;);
  if (request.path === "/exit") process.exit(3);
  for (let mebibytes = 0; request.path === "/hoard" && mebibytes < 1024; mebibytes += 16) {
    hoard.push(new Uint8Array(16_777_216).fill(1));
  }
  const response = await next();
  response.headers.set("x-function", "alive");
}) satisfies Middleware;
