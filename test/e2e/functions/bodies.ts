/** What functions do with bodies, one behaviour a path. */
import type { Message, Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/replace": async ({ request }, next) => {
    const body = await request.bytes();
    request.headers.set("x-length", String(body.length));
    request.body = "<".repeat(1000) + Buffer.from(body).toString("latin1");
    const response = await next();
    const answer = await response.bytes();
    response.headers.set("x-length", String(answer.length));
    response.body = answer.subarray(0, Math.floor(answer.length / 2));
  },
  "/replace-unread": async ({ request }, next) => {
    request.body = "fresh request";
    const response = await next();
    response.body = "fresh response";
  },
  "/read-only": async ({ request }, next) => {
    const before = await sha256(request);
    const response = await next();
    response.headers.set("x-sha256", `${before} ${await sha256(response)}`);
  },
  "/read-twice": async ({ request }, next) => {
    const same = (await request.text()) === Buffer.from(await request.bytes()).toString();
    const response = await next();
    response.headers.set("x-same", String(same));
  },
  "/empty": async ({ request }, next) => {
    request.body = null;
    const response = await next();
    response.body = null;
  },
  "/json": async ({ request }, next) => {
    const value = (await request.json()) as { n: number };
    request.body = JSON.stringify({ n: value.n + 1 });
    const response = await next();
    const answer = (await response.json()) as { n: number };
    response.body = JSON.stringify({ n: answer.n + 1 });
  },
  "/request-body": async ({ request }) => {
    request.headers.set("x-length", String((await request.bytes()).length));
  },
  "/response-body": async (_exchange, next) => {
    const response = await next();
    response.headers.set("x-length", String((await response.bytes()).length));
    response.status = 203;
  },
  "/answer-after-body": async ({ request }) => new Response(`got ${(await request.text()).length}`, { status: 202 }),
  "/answer-after-response-body": async (_exchange, next) => {
    const response = await next();
    const text = await response.text();
    return new Response(`instead of ${text.length}`, { status: 409, headers: { "x-instead": "yes" } });
  },
};

export default ((exchange, next) => {
  const path = exchange.request.path.split("?", 1)[0] ?? "";
  return behaviours[path]?.(exchange, next);
}) satisfies Middleware;

async function sha256(message: Message): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await message.bytes()).digest("hex");
}
