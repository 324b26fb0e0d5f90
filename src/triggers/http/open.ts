/** Opens an http trigger in this thread: the function behind it, and the runtime's server in front. */
import { createEventMetrics, type EventMetrics } from "../../event/event-metrics.ts";
import { type OpenTrigger, type OpenTriggerConfig, TriggerError, type TriggerHost } from "../contract.ts";
import { type TlsMaterial, readTls } from "../read-tls.ts";
import type { HttpAttributes } from "./attributes.ts";
import type { HttpService, RequestHandler, RequestStart } from "./contract.ts";
import { withCors } from "./cors.ts";
import { deferred } from "./defer.ts";
import { FunctionServer, trackSockets, type WebServer } from "./function-server.ts";
import { listenAddress } from "./listen-address.ts";
import { type HttpFunction, openFunction } from "./open-function.ts";
import { PendingAnswers } from "./pending-answers.ts";
import { closing, withHealth, withSurface } from "./surroundings.ts";
import { serveEvents } from "./serve-events.ts";
import { serveWeb } from "./serve-web.ts";
import { delay, untilAborted } from "../until-aborted.ts";

export async function openHttp(trigger: OpenTriggerConfig<HttpAttributes>, host: TriggerHost): Promise<OpenTrigger> {
  const { attributes, name, kind } = trigger;
  const { workerIndex, log } = host;
  const metrics = createEventMetrics(host.metrics, { kind, name }, workerIndex);
  const tls = attributes.tls === null ? null : await readTls(attributes.tls, name);
  const opened = await openFunction(trigger, host);
  const websocket = opened.serve.kind === "web" ? opened.serve.web.websocket : null;
  const facade = new FunctionServer(websocket);
  const service: HttpService = {
    trigger: { kind, name },
    origin: host.function.origin,
    log,
    metrics,
    maxBodyBytes: opened.surface?.maxBodyBytes ?? attributes.maxBodyBytes,
    pending: new PendingAnswers(),
    readTimeoutMs: attributes.readTimeoutMs,
    bodyTooLarge: () => opened.surface?.bodyTooLarge() ?? answerTooLarge(),
    server: facade,
  };
  let handle = surround(deferred(createHandler(opened, service)), opened, attributes, metrics);
  const sockets = trackSockets(websocket);
  await limitHeaders(attributes.maxHeaderBytes);
  const server = listen(
    {
      ...listenAddress(trigger),
      reusePort: host.workerCount > 1,
      idleTimeout: toIdleSeconds(attributes.idleTimeoutMs),
      // Errors are the log's, not a page for developers.
      development: false,
      // Functions that stream are held to the limit by the server, with 413; others have an answer of their own to it.
      maxRequestBodySize: opened.serve.kind === "web" ? attributes.maxBodyBytes : Number.MAX_SAFE_INTEGER,
      http2: attributes.http2,
      ...(tls !== null && { tls: toTlsOptions(tls) }),
      fetch: (request) => handle(request),
      error(error) {
        log.error({ err: error }, "a response could not be sent");
        return new Response(null, { status: 500 });
      },
      websocket: sockets.handlers,
    },
    trigger,
  );
  facade.attach(server);
  return {
    address: formatAddress(server),
    gracefulShutdownTimeoutMs: attributes.gracefulShutdownTimeoutMs,
    get inFlight() {
      return server.pendingRequests + server.pendingWebSockets;
    },
    async drain(deadline) {
      await delay(attributes.drainDelayMs, deadline);
      handle = closing(handle);
      const stopped = server.stop();
      sockets.goAway();
      await untilAborted(stopped, deadline);
    },
    async close() {
      await server.stop(true);
      service.pending.close();
      await opened.close();
    },
  };
}

function createHandler({ serve }: HttpFunction, service: HttpService): RequestStart {
  return serve.kind === "web" ? serveWeb(serve.web, service) : serveEvents(serve.invoke, service);
}

/** What is asked first stands outermost. */
function surround(
  handler: RequestHandler,
  { surface }: HttpFunction,
  { cors }: HttpAttributes,
  metrics: EventMetrics,
): RequestHandler {
  if (surface !== null) return withSurface(handler, surface);
  return withHealth(cors === null ? handler : withCors(handler, cors, metrics));
}

/** As the reference words it. */
function answerTooLarge(): Response {
  const headers = { "content-type": "text/plain", connection: "close" };
  return new Response("Error when parsing request", { status: 400, headers });
}

const DEFAULT_HEADER_BYTES = 16_384;
let largestHeaderBytes = 0;

/** The limit is the process's: the largest any trigger asks for. */
async function limitHeaders(bytes: number): Promise<void> {
  if (bytes <= largestHeaderBytes) return;
  largestHeaderBytes = bytes;
  if (bytes === DEFAULT_HEADER_BYTES) return;
  const { default: http } = await import("node:http");
  Object.assign(http, { maxHeaderSize: bytes });
}

function listen(options: Bun.Serve.Options<unknown>, { name, url }: OpenTriggerConfig<HttpAttributes>): WebServer {
  try {
    return Bun.serve(options);
  } catch (error) {
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
    const setting = `spec.triggers.${name}.${url === "" ? "attributes.port" : "url"}`;
    const reason = error instanceof Error ? error.message : String(error);
    throw new TriggerError(code, setting, `trigger "${name}" cannot listen: ${reason}`, { cause: error });
  }
}

/** The runtime looks every 4 s and counts the looks: without one more it would close connections that are in use. */
function toIdleSeconds(ms: number): number {
  return ms === 0 ? 0 : Math.min(255, Math.ceil(ms / 1000) + 4);
}

function toTlsOptions({ cert, key, clientCa }: TlsMaterial): Bun.TLSOptions {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

function formatAddress({ hostname, port }: WebServer): string {
  return hostname?.includes(":") === true ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
