/** Served by the executable and by bare Bun.serve alike. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") return new Response("hello");
    const { name } = (await request.json()) as { readonly name: string };
    return Response.json({ hello: name });
  },
};
