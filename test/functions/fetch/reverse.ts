export default async function reverse(request: Request): Promise<Response> {
  return new Response((await request.bytes()).reverse(), { headers: { "content-type": "application/octet-stream" } });
}
