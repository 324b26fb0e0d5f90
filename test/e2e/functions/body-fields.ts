/** What functions do to the fields that describe a body, one behaviour a path. */
import type { Message, Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, (message: Message) => unknown>> = {
  "/length-deleted": async (message) => {
    message.headers.delete("content-length");
    message.body = `${await message.text()} and more`;
  },
  "/length-set": async (message) => {
    message.headers.set("content-length", "3");
    message.body = `${await message.text()} and more`;
  },
  "/length-set-unread": (message) => message.headers.set("content-length", "3"),
  "/length-deleted-unread": (message) => message.headers.delete("content-length"),
  "/coding-deleted": async (message) => {
    message.headers.delete("content-encoding");
    message.body = (await message.text()).toUpperCase();
  },
  "/coding-deleted-stream": (message) => {
    message.headers.delete("content-encoding");
    if (message.body !== null) message.body = message.body.pipeThrough(inCapitals());
  },
  "/coding-set": async (message) => {
    message.headers.set("content-encoding", "gzip");
    message.body = Bun.gzipSync((await message.text()).toUpperCase());
  },
};

export default (async ({ request }, next) => {
  const behaviour = behaviours[request.path];
  await behaviour?.(request);
  await behaviour?.(await next());
}) satisfies Middleware;

function inCapitals(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform: (chunk, controller) => controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
  });
}
