/** A module as Web-standard servers take it. */
export default {
  prefix: "/orders/",
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(this.prefix)) return Response.json({ error: "no such path" }, { status: 404 });
    await Bun.sleep(1);
    const headers = new Headers({ "x-order": url.pathname.slice(this.prefix.length) });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(`${request.method} ${url.searchParams.get("q")}`, { status: 202, headers });
  },
};
