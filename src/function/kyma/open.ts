/** A Kyma function ready for events: `main(event, context, callback)`. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { EventCall, EventFunction, FunctionHost } from "../event-function.ts";
import { logAccess } from "../express-like/access-log.ts";
import type { HeaderValue } from "../express-like/outgoing-headers.ts";
import { EventRequest } from "../express-like/request.ts";
import { BodyError } from "../express-like/request-body.ts";
import { EventResponse } from "../express-like/response.ts";
import { type CallRules, runCall } from "../express-like/run-call.ts";
import { createSurface, errorPage, HTML, readBodyLimit } from "../express-like/surface.ts";
import { functionTimeoutMs } from "../function-timeout.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { sendKymaFailure, sendKymaResponse } from "./answer.ts";
import { parseKymaBody } from "./body.ts";
import { createKymaCallMetrics, renderKymaMetrics } from "./call-metrics.ts";
import { CloudEventError } from "./cloud-event.ts";
import { buildKymaEvent } from "./event.ts";
import { createPublisher } from "./publish.ts";
import { openTracing } from "./tracing.ts";

export async function openKymaFunction(
  { origin, handler }: Extract<LoadedFunction, { contract: "kyma" }>,
  host: FunctionHost,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<EventFunction> {
  const timeoutMs = functionTimeoutMs(environment, host.eventTimeoutMs);
  const maxBodyBytes = readBodyLimit(environment);
  const functionName = environment["FUNC_NAME"] || host.functionName;
  const metrics = createKymaCallMetrics(host.metrics, functionName);
  const publish = createPublisher(environment["PUBLISHER_PROXY_ADDRESS"]);
  const tracing = await openTracing({
    serviceName: functionName,
    collector: environment["TRACE_COLLECTOR_ENDPOINT"],
    warn: (message) => host.log.warn(message),
  });
  const context = {
    "function-name": functionName,
    runtime: environment["FUNC_RUNTIME"],
    namespace: environment["SERVICE_NAMESPACE"] || host.functionNamespace,
    timeout: timeoutMs / 1000,
    "body-size-limit": maxBodyBytes / 1024 / 1024,
  };

  async function run(request: EventRequest, body: Uint8Array, call: EventCall): Promise<EventResult> {
    const { log } = call;
    const response = new EventResponse(request, (message) => log.warn(`the response: ${message}`));
    const ended = metrics.begin();
    const send = (given?: unknown, status?: number, headers?: Readonly<Record<string, HeaderValue>>): void => {
      if (response.writableEnded) log.warn("callback was called after the function had answered: ignored");
      else sendKymaResponse(response, given, status, headers);
    };
    const rules: CallRules = {
      origin,
      timeoutMs,
      finish: (result) => sendKymaResponse(response, result),
      answerFailure: (error) => sendKymaFailure(response, error),
      answerTimeout: () => void response.sendStatus(408),
      ended: (outcome) => ended(outcome !== "done"),
    };
    let event: object;
    try {
      request.body = parseKymaBody(request, body, maxBodyBytes);
      event = buildKymaEvent(request, response, { tracer: tracing.tracer, publish, log });
    } catch (error) {
      const refusal = refuse(error);
      ended(true);
      throw refusal;
    }
    return runCall(() => handler(event, { ...context }, send), response, call, rules);
  }

  function invoke(event: FunctionEvent, call: EventCall): Promise<EventResult> {
    const request = new EventRequest(event);
    return tracing.trace(request, () => run(request, event.body, call));
  }

  const logsAccess = Boolean(environment["KYMA_INTERNAL_LOGGER_ENABLED"]);
  return {
    origin,
    invoke: logsAccess ? (event, call) => logAccess(event, call, invoke(event, call)) : invoke,
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
