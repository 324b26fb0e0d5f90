/** `/live` and `/ready`, as Nuclio's processor serves them. */
import type { ListenConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import { type HttpPort, openHttpPort, refuseOtherThanGet } from "./http-port.ts";

export interface HealthOptions {
  readonly listen: ListenConfig;
  readonly required: boolean;
  readonly log: Logger;
  /** Null when traffic may come, else why not. */
  whyNotReady(): string | null;
}

/** `/live` is 200 as long as the process answers; `/ready` is 503 while starting, draining or without any worker. */
export function openHealthServer(options: HealthOptions): HttpPort {
  return openHttpPort({
    ...options,
    name: "health",
    setting: "healthCheck.listenAddress",
    handle: (request, url) => answerHealth(request, url, options.whyNotReady()),
  });
}

export function answerHealth(request: Request, url: URL, notReady: string | null): Response {
  if (url.pathname !== "/live" && url.pathname !== "/ready") return new Response(null, { status: 404 });
  const refusal = refuseOtherThanGet(request);
  if (refusal !== null) return refusal;
  const readiness = url.pathname === "/ready";
  const checks = { processor_liveness: "OK", ...(readiness && { processor_readiness: notReady ?? "OK" }) };
  const body = url.searchParams.get("full") === "1" ? `${JSON.stringify(checks, null, 4)}\n` : "{}\n";
  return new Response(body, {
    status: readiness && notReady !== null ? 503 : 200,
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}
