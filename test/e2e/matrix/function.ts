/** The function of the matrix: what it does and to which message stands in headers of the request. */
import type { Message, Middleware } from "digitalhub-processor";

type Act = (message: Message) => unknown;

const acts: Readonly<Record<string, Act>> = {
  pass: () => {},
  headers: ({ headers }) => {
    headers.set("x-did", "headers");
    headers.append("x-list", "three");
    headers.delete("x-drop");
  },
  replace: (message) => {
    message.headers.set("x-did", "replace");
    message.body = "fresh";
  },
  rewrite: async (message) => {
    message.headers.set("x-did", "rewrite");
    const bytes = await message.bytes();
    message.body = Buffer.concat([Buffer.from("rewritten:"), flip(bytes)]);
  },
  transform: (message) => pipe(message, "transform", new TransformStream({ transform: flipChunk })),
  frame: (message) =>
    pipe(
      message,
      "frame",
      new TransformStream({
        start: (controller) => controller.enqueue(Buffer.from("<")),
        transform: flipChunk,
        flush: (controller) => controller.enqueue(Buffer.from(">")),
      }),
    ),
  immediate: () => new Response("answered here", { status: 418, headers: { "x-did": "immediate" } }),
  throw: ({ headers }) => {
    headers.set("x-did", "throw");
    throw new Error("thrown on purpose");
  },
  slow: ({ headers }) => {
    headers.set("x-did", "slow");
    return new Promise(() => {});
  },
};

export default (async ({ request }, next) => {
  const act = acts[request.headers.get("x-act") ?? ""];
  if (act === undefined) return undefined;
  if (request.headers.get("x-side") === "request") {
    const result = await act(request);
    if (result instanceof Response) return result;
    if (request.headers.has("x-stay")) await next();
    return undefined;
  }
  const result = await act(await next());
  return result instanceof Response ? result : undefined;
}) satisfies Middleware;

function pipe(message: Message, name: string, transform: TransformStream<Uint8Array, Uint8Array>): void {
  message.headers.set("x-did", name);
  if (message.body !== null) message.body = message.body.pipeThrough(transform);
}

function flipChunk(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void {
  controller.enqueue(flip(chunk));
}

function flip(bytes: Uint8Array): Uint8Array {
  const flipped = new Uint8Array(bytes);
  for (let index = 0; index < flipped.length; index++) flipped[index] = (flipped[index] ?? 0) ^ 0x20;
  return flipped;
}
