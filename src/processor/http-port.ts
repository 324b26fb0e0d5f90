/** One of the processor's own small HTTP servers: health, admin, metrics. */
import type { ListenConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import { describeListenError } from "./describe-listen-error.ts";
import { StartError } from "./start-error.ts";

export interface HttpPort {
  /** Null when the server is off. */
  readonly address: string | null;
  close(): void;
}

export interface HttpPortOptions {
  /** What it serves, e.g. "health". */
  readonly name: string;
  readonly listen: ListenConfig;
  /** Path of the setting that chooses the port. */
  readonly setting: string;
  /** Whether a busy port ends the start, although nobody asked for that port. */
  readonly required: boolean;
  readonly log: Logger;
  handle(request: Request, url: URL): Response | Promise<Response>;
}

/** Throws a `StartError` for a busy port that was asked for; any other one is left off with a warning. */
export function openHttpPort(options: HttpPortOptions): HttpPort {
  const { listen, log, name, setting } = options;
  if (!listen.enabled) return { address: null, close: () => undefined };
  try {
    const server = Bun.serve({
      hostname: listen.hostname,
      port: listen.port,
      development: false,
      fetch: (request) => options.handle(request, new URL(request.url)),
      error(error) {
        log.error({ err: error }, `the ${name} server could not answer`);
        return new Response(null, { status: 500 });
      },
    });
    const address = `${listen.hostname}:${server.port}`;
    return { address, close: () => void server.stop(true) };
  } catch (error) {
    const { code, reason } = describeListenError(error, listen.hostname);
    const message = `the ${name} port ${listen.port} ${reason}`;
    if (listen.explicit || options.required) throw new StartError({ code, setting, message });
    log.warn({ port: listen.port, setting }, `${message}: ${name} is off`);
    return { address: null, close: () => undefined };
  }
}

export function answerJson(value: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, {
    status,
    headers: { "content-type": "application/json" },
  });
}

/** Null when the method is one of reading; else the answer that refuses it. */
export function refuseOtherThanGet(request: Request): Response | null {
  if (request.method === "GET" || request.method === "HEAD") return null;
  return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
}
