/** Functions that harm their worker. */
import type { Middleware } from "digitalhub-processor";

const hoard: Uint8Array[] = [];

export default (async ({ request }, next) => {
  if (request.path === "/loop") for (;;);
  if (request.path === "/exit") process.exit(3);
  if (request.path === "/hoard") hoard.push(new Uint8Array(1_073_741_824).fill(1));
  const response = await next();
  response.headers.set("x-function", "alive");
}) satisfies Middleware;
