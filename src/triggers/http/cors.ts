/** Cross-origin requests of browsers (Fetch standard, 3.2), with the answers of the reference. */
import type { FieldLines } from "../../event/contract.ts";
import type { EventMetrics } from "../../event/event-metrics.ts";
import { appendHeaders } from "./answer.ts";
import type { CorsPolicy } from "./attributes.ts";
import type { RequestHandler } from "./contract.ts";

/**
 * Pre-flight requests are answered here, 200 or 400. Requests without an `Origin` or from their own are nobody's business;
 * those of an origin that is not allowed get 403 and never reach the function.
 */
export function withCors(handler: RequestHandler, policy: CorsPolicy, metrics: EventMetrics): RequestHandler {
  return (request) => {
    const origin = request.headers.get("origin");
    if (request.method === "OPTIONS" && request.headers.get("access-control-request-method")) {
      const answer = answerPreflight(request, origin, policy);
      metrics.ended(answer.status === 200, null);
      return answer;
    }
    const lines = responseLines(request, origin, policy);
    if (lines === null) {
      metrics.ended(false, null);
      return new Response(null, { status: 403, headers: { vary: "Origin" } });
    }
    const answer = handler(request);
    const add = (response: Response | undefined): Response | undefined =>
      response === undefined ? undefined : appendHeaders(response, lines);
    return answer instanceof Promise ? answer.then(add) : add(answer);
  };
}

function answerPreflight(request: Request, origin: string | null, policy: CorsPolicy): Response {
  const headers = new Headers();
  headers.append("vary", "Origin");
  headers.append("vary", "Access-Control-Request-Method");
  headers.append("vary", "Access-Control-Request-Headers");
  if (origin === null || !isAllowed(origin, policy) || !asksForAllowed(request, policy)) {
    return new Response(null, { status: 400, headers });
  }
  headers.set("access-control-allow-origin", origin);
  if (policy.credentials) headers.set("access-control-allow-credentials", "true");
  headers.set("access-control-max-age", String(policy.preflightMaxAgeSeconds));
  headers.set("access-control-allow-methods", policy.methods.join(", "));
  headers.set("access-control-allow-headers", policy.headers.join(", "));
  return new Response(null, { headers });
}

function asksForAllowed({ headers }: Request, policy: CorsPolicy): boolean {
  const method = (headers.get("access-control-request-method") ?? "").toUpperCase();
  if (method !== "OPTIONS" && !policy.methods.includes(method)) return false;
  const allowed = new Set(policy.headers.map((name) => name.toLowerCase()));
  const asked = (headers.get("access-control-request-headers") ?? "").split(",").map((name) => name.trim());
  return asked.every((name) => name === "" || allowed.has(name.toLowerCase()));
}

/** What the response gets on top; null: the origin may not call. */
function responseLines(request: Request, origin: string | null, policy: CorsPolicy): FieldLines | null {
  if (origin === null || isOwn(request, origin)) return [["vary", "Origin"]];
  if (!isAllowed(origin, policy)) return null;
  const lines: [string, string][] = [
    ["vary", "Origin"],
    ["access-control-allow-origin", origin],
  ];
  if (policy.credentials) lines.push(["access-control-allow-credentials", "true"]);
  if (policy.exposedHeaders.length > 0) lines.push(["access-control-expose-headers", policy.exposedHeaders.join(", ")]);
  return lines;
}

function isAllowed(origin: string, { origins }: CorsPolicy): boolean {
  return origins.includes("*") || origins.includes(origin.toLowerCase());
}

/** Browsers name the origin also with what they post to their own; a proxy may have taken TLS off. */
function isOwn({ headers }: Request, origin: string): boolean {
  return URL.parse(origin)?.host === headers.get("host");
}
