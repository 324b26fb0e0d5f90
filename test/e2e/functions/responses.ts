/** `Response`s that functions make of other responses, one behaviour a path. */
import type { Middleware } from "digitalhub-processor";

const DENIED = new Response("denied", { status: 403 });
/** Takes time whenever it is read. */
const slowly = {
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    await Bun.sleep(50);
    controller.enqueue(Buffer.from("streamed"));
    controller.close();
  },
};
const STREAMED = new Response(new ReadableStream(slowly, { highWaterMark: 0 }));

const behaviours: Readonly<Record<string, Middleware>> = {
  "/fetched": ({ request }) => fetch(request.headers.get("x-url") ?? ""),
  "/copied": async (_exchange, next) => {
    const response = await next();
    const text = (await response.text()).toUpperCase();
    return new Response(text, { status: response.status, headers: [...response.headers] });
  },
  "/rewritten": async (_exchange, next) => {
    const { body, headers } = await next();
    return new Response(body?.pipeThrough(inCapitals()), {
      status: 203,
      headers: [...headers, ["x-rewritten", "yes"]],
    });
  },
  "/recoded": async (_exchange, next) => {
    const { body, headers } = await next();
    return new Response(body?.pipeThrough(inCapitals()).pipeThrough(gzipped()), {
      status: 203,
      headers: [...headers, ["x-rewritten", "yes"]],
    });
  },
  "/plain": async (_exchange, next) => {
    const { body } = await next();
    return new Response(body?.pipeThrough(inCapitals()), { headers: { "content-type": "text/x-plain" } });
  },
  "/uploaded": ({ request }) => new Response(request.body?.pipeThrough(inCapitals())),
  "/upstream-inside": ({ request }, next) => {
    async function* pieces(): AsyncGenerator<Uint8Array | string> {
      if (request.headers.has("x-read")) yield await request.bytes();
      if (request.headers.has("x-wait")) await Bun.sleep(30);
      yield "before ";
      yield await (await next()).bytes();
    }
    return new Response(pieces());
  },
  "/denied": () => DENIED,
  "/streamed-twice": () => STREAMED,
  "/read-before": async () => {
    const response = new Response("read");
    await response.text();
    return response;
  },
  "/read-late": ({ request }) => {
    async function* pieces(): AsyncGenerator<string> {
      yield "got ";
      yield await request.text();
    }
    return new Response(pieces());
  },
  "/ticks": ({ request }) => {
    async function* ticks(): AsyncGenerator<string> {
      for (let tick = 0; tick < 3; tick++) {
        yield "tick ";
        await Bun.sleep(30);
      }
    }
    const headers = new Headers();
    for (const cookie of request.headers.getAll("x-cookie")) headers.append("set-cookie", cookie);
    return new Response(ticks(), { headers });
  },
};

export default ((exchange, next) => {
  const path = exchange.request.path.split("?", 1)[0] ?? "";
  return behaviours[path]?.(exchange, next);
}) satisfies Middleware;

function inCapitals(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform: (chunk, controller) => controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
  });
}

function gzipped(): TransformStream<Uint8Array, Uint8Array> {
  const chunks: Uint8Array[] = [];
  return new TransformStream({
    transform: (chunk) => void chunks.push(chunk),
    flush: (controller) => controller.enqueue(Bun.gzipSync(Buffer.concat(chunks))),
  });
}
