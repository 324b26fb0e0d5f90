import type { Middleware } from "digitalhub-processor";

export default (async (_exchange, next) => {
  const response = await next();
  if (response.body !== null) response.body = sendBack(response.body);
}) satisfies Middleware;

async function* sendBack(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk;
}
