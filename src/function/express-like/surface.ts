/** What Kubeless and Kyma fix about the HTTP server in front of a function: health, metrics, CORS, the limit of bodies. */
import type { HttpSurface } from "../event-function.ts";

export interface SurfaceOptions {
  readonly maxBodyBytes: number;
  /** Answers at `/metrics`. */
  metrics(): Promise<Response>;
  /** Answers at further paths: GET and HEAD. */
  readonly paths?: Readonly<Record<string, () => Response>>;
}

export function createSurface({ maxBodyBytes, metrics, paths = {} }: SurfaceOptions): HttpSurface {
  const pages: Readonly<Record<string, () => Response | Promise<Response>>> = {
    "/healthz": () => new Response("OK", { headers: { "content-type": HTML } }),
    "/metrics": metrics,
    ...paths,
  };
  return {
    headers: [["access-control-allow-origin", "*"]],
    maxBodyBytes,
    answer(request) {
      if (request.method === "OPTIONS") return answerPreflight(request);
      if (request.method !== "GET" && request.method !== "HEAD") return null;
      const page = pages[new URL(request.url).pathname];
      return page === undefined ? null : page();
    },
    bodyTooLarge: () =>
      new Response(errorPage("request entity too large"), { status: 413, headers: { "content-type": HTML } }),
  };
}

/** In bytes, of a variable in MiB: 1 MiB when it is no positive number. */
export function readBodyLimit(
  environment: Readonly<Record<string, string | undefined>>,
  variable: "REQ_MB_LIMIT" | "FUNC_BODY_MB_LIMIT",
): number {
  const megabytes = Number(environment[variable] || Number.NaN);
  return Math.floor((Number.isFinite(megabytes) && megabytes > 0 ? megabytes : 1) * 1024 * 1024);
}

/** As express words what it refuses. */
export function errorPage(message: string): string {
  const text = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>${text}</pre>\n</body>\n</html>\n`;
}

export const HTML = "text/html; charset=utf-8";

/** Any method and any header may be used; a request that names none is told of none. */
function answerPreflight(request: Request): Response {
  const headers = new Headers();
  const method = request.headers.get("access-control-request-method");
  if (method !== null) headers.set("access-control-allow-methods", method);
  const names = request.headers.get("access-control-request-headers");
  if (names !== null) headers.set("access-control-allow-headers", names);
  return new Response(null, { headers });
}
