/** What functions do to the fields that describe a body, one behaviour a path. */
import type { Message, Middleware, ResponseMessage } from "digitalhub-processor";

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

/** What becomes of a response with a body when its status allows none. */
const bodiless: Readonly<Record<string, (response: ResponseMessage) => unknown>> = {
  "/unread": () => {},
  "/read": (response) => response.bytes(),
  "/assigned": (response) => (response.body = "not to be sent"),
  "/transformed": (response) => (response.body = response.body?.pipeThrough(inCapitals()) ?? null),
};

export default (async (exchange, next) => {
  const { request } = exchange;
  const [path = "", query] = request.path.split("?");
  const before = bodiless[path];
  if (before !== undefined) {
    const response = await next();
    await before(response);
    response.status = Number(query);
    return undefined;
  }
  if (path === "/other-method") {
    try {
      request.method = request.method === "HEAD" ? "GET" : "HEAD";
    } catch (error) {
      return new Response(null, { status: 409, headers: { "x-error": String(error) } });
    }
  }
  if (path === "/revived") {
    (await next()).status = 200;
    return undefined;
  }
  if (path === "/framed") {
    setFraming(request);
    setFraming(await next());
    return undefined;
  }
  await behaviours[path]?.(request);
  await behaviours[path]?.(await next());
  return undefined;
}) satisfies Middleware;

function inCapitals(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform: (chunk, controller) => controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
  });
}

function setFraming({ headers }: Message): void {
  headers.set("transfer-encoding", "chunked");
  headers.set("content-length", "5");
}
