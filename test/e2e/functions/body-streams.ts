/** What functions do with the stream of a body beside reading it to its end, one behaviour a path. */
import type { Message, Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/looked-at": async ({ request }, next) => {
    if (request.body === null) return new Response("no body", { status: 400 });
    const response = await next();
    response.headers.set("x-has-body", String(response.body !== null));
    await response.trailers;
    return undefined;
  },
  "/generated": async ({ request }, next) => {
    inCapitals(request);
    inCapitals(await next());
  },
  "/made": async ({ request }, next) => {
    if (request.body !== null) request.body = made();
    const response = await next();
    if (response.body !== null) response.body = made();
  },
  "/made-twice": async ({ request }, next) => {
    inCapitals(request);
    request.body = made();
    const response = await next();
    inCapitals(response);
    response.body = made();
  },
  "/replaced-then-read": async ({ request }, next) => {
    const held = request.body;
    request.body = "another";
    await drain(held);
    const response = await next();
    const heldAnswer = response.body;
    response.body = "another answer";
    await drain(heldAnswer);
  },
  "/read-late": async ({ request }, next) => {
    const held = request.body;
    const response = await next();
    response.headers.set("x-late", await drain(held));
  },
  "/assigned-then-read": async ({ request }, next) => {
    inCapitals(request);
    const text = request.text().catch(() => "");
    const response = await next();
    response.headers.set("x-length", String((await text).length));
  },
};

export default ((exchange, next) => behaviours[exchange.request.path]?.(exchange, next)) satisfies Middleware;

async function* made(): AsyncGenerator<string> {
  yield "made ";
  await Bun.sleep(5);
  yield "of text";
}

function inCapitals(message: Message): void {
  if (message.body !== null) message.body = capitals(message.body);
}

async function* capitals(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const chunk of body) yield Buffer.from(chunk).toString().toUpperCase();
}

/** What came of reading: a code, or "read". */
async function drain(body: ReadableStream<Uint8Array> | null): Promise<string> {
  try {
    for await (const _ of body ?? []);
    return "read";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}
