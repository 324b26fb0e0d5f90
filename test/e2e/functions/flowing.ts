/** Large bodies flow through without being kept. */
import type { Message, Middleware } from "digitalhub-processor";

export default (async ({ request }, next) => {
  if (request.path === "/pass") {
    await next();
    return;
  }
  pipe(request);
  pipe(await next());
}) satisfies Middleware;

function pipe(message: Message): void {
  if (message.body !== null) message.body = message.body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>());
}
