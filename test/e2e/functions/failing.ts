/** Functions that fail, one way a path. Each changes a header first: with policy `pass` none of it may show. */
import type { Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/throws": () => {
    throw new Error("secret reason");
  },
  "/rejects-late": async () => {
    await Bun.sleep(50);
    throw new Error("secret reason");
  },
  "/never-settles": () => new Promise(() => {}),
  "/throws-after-body": async ({ request }) => {
    await request.bytes();
    throw new Error("secret reason");
  },
  "/response-throws": async (_exchange, next) => {
    const response = await next();
    response.headers.set("x-function", "changed");
    throw new Error("secret reason");
  },
  "/response-rejects-late": async (_exchange, next) => {
    await next();
    await Bun.sleep(50);
    throw new Error("secret reason");
  },
  "/response-never-settles": async (_exchange, next) => {
    await next();
    await new Promise(() => {});
  },
  "/throws-a-text": () => {
    // Functions are other people's code: not everything thrown is an Error.
    const text: unknown = "secret reason";
    throw text;
  },
  "/unhandled": () => {
    void Promise.reject(new Error("nobody waits for this"));
    setTimeout(() => {
      throw new Error("nor for this");
    }, 1);
  },
};

export default ((exchange, next) => {
  exchange.request.headers.set("x-function", "changed");
  return behaviours[exchange.request.path]?.(exchange, next);
}) satisfies Middleware;
