export default function fail(request: Request): Response | Promise<Response> {
  if (request.url.endsWith("/rejected")) return Promise.reject(new Error("no stock"));
  throw new Error("no stock");
}
