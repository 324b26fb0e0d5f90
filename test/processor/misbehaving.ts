/** A function whose paths do what functions should not. */
import type { Middleware } from "digitalhub-processor";

let calls = 0;

export default (async ({ request, log }) => {
  calls++;
  const url = new URL(request.path, "http://test.example");
  switch (url.pathname) {
    case "/loop":
      for (;;);
    case "/exit":
      process.exit(7);
      break;
    case "/throw":
      throw new Error("thrown by the function");
    case "/late-throw":
      setTimeout(() => {
        throw new Error("thrown when nobody catches");
      });
      break;
    case "/late-rejection":
      void Promise.reject(new Error("rejected and nobody catches"));
      break;
    case "/slow":
      await Bun.sleep(Number(url.searchParams.get("ms")));
      break;
    case "/log":
      log.info({ headers: { Authorization: "Bearer s3cret", cookie: "a=s3cret" } }, "x-api-key: s3cret");
      console.log("through the console", { headers: [["set-cookie", "s3cret"]] });
      break;
    case "/environment":
      request.headers.set("x-value", process.env[url.searchParams.get("name") ?? ""] ?? "unset");
  }
  request.headers.set("x-calls", String(calls));
}) satisfies Middleware;
