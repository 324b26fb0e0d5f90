import type { Middleware } from "digitalhub-processor";

/** Changes the response while it flows. */
export default (async (_, next) => {
  const response = await next();
  const upper = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
  });
  response.body = response.body?.pipeThrough(upper) ?? null;
}) satisfies Middleware;
