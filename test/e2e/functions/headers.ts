/** What functions do to headers, one behaviour a path. */
import type { Exchange, Middleware } from "digitalhub-processor";

const behaviours: Readonly<Record<string, Middleware>> = {
  "/both": async ({ request }, next) => {
    request.headers.set("x-function", "request");
    const response = await next();
    response.headers.set("x-function", "response");
  },
  "/request-only": ({ request }) => {
    request.headers.set("x-function", "request");
  },
  "/untouched": async (_exchange, next) => {
    await next();
  },
  "/append": async ({ request }, next) => {
    request.headers.append("x-list", "three");
    const response = await next();
    response.headers.append("set-cookie", "c=3");
  },
  "/replace": async ({ request }, next) => {
    request.headers.set("x-list", "first");
    request.headers.append("x-list", "second");
    const response = await next();
    response.headers.set("set-cookie", "x=1");
    response.headers.append("set-cookie", "y=2");
  },
  "/remove": async ({ request }, next) => {
    request.headers.delete("X-SECRET");
    const response = await next();
    response.headers.delete("X-Internal");
  },
  "/read": async ({ request }, next) => {
    const seen = [...request.headers].filter(([name]) => name.startsWith("x-t"));
    const response = await next();
    const cookies = response.headers.getSetCookie();
    response.headers.set("x-seen", JSON.stringify({ seen, joined: request.headers.get("X-Twice"), cookies }));
  },
  "/latin1": async ({ request }, next) => {
    request.headers.set("x-copy", request.headers.get("x-latin1") ?? "");
    await next();
  },
  "/rewrite": ({ request }) => {
    request.path = "/elsewhere?from=function";
  },
  "/status": async (_exchange, next) => {
    const response = await next();
    response.status = 203;
  },
  "/forbidden-changes": async (exchange, next) => {
    const codes = forbiddenChanges(exchange).map((change) => codeOf(change));
    const response = await next();
    response.headers.set("x-codes", codes.join(" "));
  },
  "/routing": ({ request }) => {
    request.method = "PUT";
    request.authority = "other.example";
    request.headers.set("x-envoy-upstream-alt-stat-name", "routed");
  },
  "/identity": async (exchange, next) => {
    const response = await next();
    const { request } = exchange;
    const target = [request.method, request.scheme, request.authority, request.path, request.url.search].join(" ");
    response.headers.set("x-identity", `${exchange.id} ${target}`);
  },
};

export default ((exchange, next) => {
  const path = exchange.request.path.split("?", 1)[0] ?? "";
  return behaviours[path]?.(exchange, next);
}) satisfies Middleware;

function forbiddenChanges({ request }: Exchange): (() => void)[] {
  return [
    () => (request.method = "PUT"),
    () => (request.authority = "other.example"),
    () => request.headers.set("host", "other.example"),
    () => request.headers.set("x-envoy-decorator-operation", "x"),
    () => request.headers.set("x-bad", "line\nbreak"),
    () => request.headers.set(":path", "/x"),
  ];
}

function codeOf(change: () => void): string {
  try {
    change();
    return "allowed";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
