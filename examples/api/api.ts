/** An HTTP API: any Web-standard handler is one, also the app of a framework such as Hono. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /hello":
        return Response.json({ hello: searchParams.get("name") ?? "world" });
      case "POST /total":
        return total(await request.json());
      case "GET /countdown":
        return new Response(countdown(3), { headers: { "content-type": "text/event-stream" } });
      default:
        return Response.json({ error: "not found" }, { status: 404 });
    }
  },
};

function total(prices: unknown): Response {
  if (!Array.isArray(prices) || !prices.every((price) => typeof price === "number")) {
    return Response.json({ error: "send a list of numbers" }, { status: 400 });
  }
  return Response.json({ total: prices.reduce((sum, price) => sum + price, 0) });
}

/** Leaves as it is made: an event every 100 ms. */
async function* countdown(from: number): AsyncGenerator<string> {
  for (let left = from; left >= 0; left--) {
    yield `data: ${left}\n\n`;
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
