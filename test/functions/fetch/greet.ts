export default async function greet(request: Request): Promise<Response> {
  return new Response(`Hello, ${await request.text()}!`);
}
