/** Under /hang it never answers; else it answers with what `name` of a JSON body is. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.url.endsWith("/hang")) return new Promise(() => {});
    if (request.method === "GET") return new Response("served");
    const { name } = (await request.json()) as { readonly name: string };
    return new Response(name);
  },
};
