/** What functions do with messages that flow, one behaviour a path. */
import type { Message, Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/events": () => new Response(events(5), { headers: { "content-type": "text/event-stream" } }),
  "/endless-events": ({ log }) => {
    const body = new ReadableStream({
      async pull(controller) {
        await Bun.sleep(20);
        controller.enqueue("data: more\n\n");
      },
      cancel: () => log.info("the reader of the events left"),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },
  "/rewrite-events": async (_exchange, next) => {
    rewrite(await next());
  },
  "/rewrite-both": async ({ request }, next) => {
    rewrite(request);
    rewrite(await next());
  },
  "/untouched": async (_exchange, next) => {
    await next();
  },
  "/trailers": async ({ request }, next) => {
    const trailers = await request.trailers;
    trailers?.set("x-seen", trailers.get("x-sent") ?? "");
    trailers?.append("x-sent", "twice");
    const response = await next();
    const answered = await response.trailers;
    answered?.delete("x-secret");
    answered?.set("x-checksum", "changed");
  },
  "/assign": async ({ request }, next) => {
    request.headers.set("x-function", "yes");
    const response = await next();
    response.headers.set("x-function", "yes");
    response.body = "a body that must not be sent";
  },
  "/coded": async ({ request }, next) => {
    request.body = (await request.text()).toUpperCase();
    const response = await next();
    response.body = (await response.text()).toUpperCase();
  },
  "/coded-stream": async ({ request }, next) => {
    rewrite(request);
    rewrite(await next());
  },
  "/read": async ({ request }) => {
    await request.bytes();
  },
  "/read-response": async (_exchange, next) => {
    await (await next()).bytes();
  },
  "/slow": async ({ signal, log }) => {
    signal.addEventListener("abort", () => log.info("the exchange was given up"));
    await Bun.sleep(3000);
  },
};

export default ((exchange, next) => {
  const path = exchange.request.path.split("?", 1)[0] ?? "";
  return behaviours[path]?.(exchange, next);
}) satisfies Middleware;

async function* events(count: number): AsyncGenerator<string> {
  for (let index = 0; index < count; index++) {
    yield `data: event ${index}\n\n`;
    await Bun.sleep(100);
  }
}

/** Puts the body in capitals as it flows. */
function rewrite(message: Message): void {
  if (message.body === null) return;
  const upper = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
  });
  message.body = message.body.pipeThrough(upper);
}
