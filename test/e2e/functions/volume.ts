/** The function of the volume runs: a header each way; on /replace whole bodies of another length. */
import type { Middleware } from "digitalhub-processor";

const shorter = "s".repeat(10_000);
const longer = "l".repeat(70_000);

export default (async ({ request }, next) => {
  request.headers.set("x-function", "request");
  if (request.path !== "/replace") {
    const response = await next();
    response.headers.set("x-function", "response");
    return;
  }
  const length = (await request.bytes()).length;
  request.body = shorter;
  const response = await next();
  response.headers.set("x-function", `${length} ${(await response.bytes()).length}`);
  response.body = longer;
}) satisfies Middleware;
