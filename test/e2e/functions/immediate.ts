/** Functions that answer instead of the upstream, one behaviour a path. */
import type { Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/plain": () => new Response("go away", { status: 401, headers: { "www-authenticate": "Bearer" } }),
  "/cookies": () => {
    const headers = new Headers([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
    return new Response(null, { status: 302, headers: [...headers, ["location", "/login"]] });
  },
  "/json": () => Response.json({ why: "because" }, { status: 422 }),
  "/ok": () => new Response("served here"),
  "/large": () => new Response("l".repeat(1_000_000)),
  "/streamed": () =>
    new Response(
      new ReadableStream<Uint8Array>({
        async start(controller) {
          for (const piece of ["one ", "two ", "three"]) {
            controller.enqueue(Buffer.from(piece));
            await Bun.sleep(20);
          }
          controller.close();
        },
      }),
    ),
  "/details": (exchange) => {
    exchange.details = "not for you";
    return new Response(null, { status: 403 });
  },
  "/response": async (_exchange, next) => {
    await next();
    return new Response("replaced", { status: 410, headers: { "x-replaced": "yes" } });
  },
  "/same-response": async (_exchange, next) => {
    const response = await next();
    response.headers.set("x-same", "yes");
    return response;
  },
  "/grpc": () => new Response("no, thanks", { status: 403, headers: { "grpc-status": "7" } }),
};

export default ((exchange, next) => behaviours[exchange.request.path]?.(exchange, next)) satisfies Middleware;
