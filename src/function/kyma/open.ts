/** A Kyma function ready for events: `main(event, context, callback)`, or `main(request, response)` in newer runtimes. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { EventCall, EventFunction, FunctionHost } from "../event-function.ts";
import { logAccess } from "../express-like/access-log.ts";
import { EventRequest } from "../express-like/request.ts";
import { BodyError } from "../express-like/request-body.ts";
import { EventResponse } from "../express-like/response.ts";
import { runCall } from "../express-like/run-call.ts";
import { createSurface, errorPage, HTML, readBodyLimit } from "../express-like/surface.ts";
import { functionTimeoutMs } from "../function-timeout.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { parseKymaBody } from "./body.ts";
import { createKymaCallMetrics, renderKymaMetrics } from "./call-metrics.ts";
import { CloudEventError } from "./cloud-event.ts";
import { bindEventApi } from "./event-api.ts";
import { kymaApi } from "./function-api.ts";
import { createPublisher } from "./publish.ts";
import { bindRequestApi } from "./request-api.ts";
import { openTracing } from "./tracing.ts";

export async function openKymaFunction(
  { origin, handler }: Extract<LoadedFunction, { contract: "kyma" }>,
  host: FunctionHost,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<EventFunction> {
  const isEventApi = kymaApi(environment) === "event";
  const timeoutMs = functionTimeoutMs(environment, host.eventTimeoutMs, host.trigger.kind);
  const maxBodyBytes = readBodyLimit(environment, isEventApi ? "REQ_MB_LIMIT" : "FUNC_BODY_MB_LIMIT");
  const functionName = environment["FUNC_NAME"] || host.functionName;
  const metrics = createKymaCallMetrics(host.metrics, functionName);
  const tracing = await openTracing({
    serviceName: functionName,
    collector: environment["TRACE_COLLECTOR_ENDPOINT"],
    warn: (message) => host.log.warn(message),
  });
  const api = (isEventApi ? bindEventApi : bindRequestApi)(handler, {
    tracer: tracing.tracer,
    publish: createPublisher(environment["PUBLISHER_PROXY_ADDRESS"]),
    functionName,
    namespace: environment["SERVICE_NAMESPACE"] || host.functionNamespace,
    runtime: environment["FUNC_RUNTIME"],
    timeoutSeconds: timeoutMs / 1000,
    bodyLimitMegabytes: maxBodyBytes / 1024 / 1024,
  });

  async function run(request: EventRequest, body: Uint8Array, call: EventCall): Promise<EventResult> {
    const response = new EventResponse(request, (message) => call.log.warn(`the response: ${message}`));
    const ended = metrics.begin();
    let start: () => unknown;
    try {
      request.body = parseKymaBody(request, body, maxBodyBytes);
      start = api.prepare(request, response, call.log);
    } catch (error) {
      ended(true);
      throw refuse(error);
    }
    return runCall(start, response, call, {
      origin,
      timeoutMs,
      finish: api.finish,
      answerFailure: api.answerFailure,
      answerTimeout: () => void response.sendStatus(408),
      ended: (outcome) => ended(outcome !== "done"),
    });
  }

  function invoke(event: FunctionEvent, call: EventCall): Promise<EventResult> {
    const request = new EventRequest(event);
    return tracing.trace(request, () => run(request, event.body, call));
  }

  const logsAccess = Boolean(environment[isEventApi ? "KYMA_INTERNAL_LOGGER_ENABLED" : "SERVER_INTERNAL_LOGGER"]);
  return {
    origin,
    invoke: logsAccess ? (event, call) => logAccess(event, host.log, invoke(event, call)) : invoke,
    web: null,
    surface: createSurface({
      maxBodyBytes,
      metrics: () => renderKymaMetrics(host.collectTotals),
      paths: { "/favicon.ico": () => new Response(null, { status: 204 }) },
    }),
    close: () => tracing.flush(),
  };
}

/** Bodies and CloudEvents that are not what they say. */
function refuse(error: unknown): EventError {
  if (error instanceof BodyError) {
    const answer = pageOf(error.status, error.status === 413 ? "request entity too large" : error.message);
    return new EventError(error.status === 413 ? "TOO_LARGE" : "BAD_EVENT", error.message, answer, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  const shown = error instanceof CloudEventError ? message : "Internal server error";
  return new EventError("BAD_EVENT", message, pageOf(500, shown), { cause: error });
}

function pageOf(status: number, message: string): EventResult {
  return { status, headers: [["content-type", HTML]], body: Buffer.from(errorPage(message)) };
}
