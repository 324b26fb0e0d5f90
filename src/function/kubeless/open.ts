/** A Kubeless function ready for events: `fn(event, context)`. */
import { basename, extname } from "node:path";
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import { kubelessCalls, kubelessDuration, kubelessFailures } from "../../telemetry/metrics.ts";
import { renderPrometheus } from "../../telemetry/prometheus.ts";
import type { EventCall, EventFunction, FunctionHost } from "../event-function.ts";
import { logAccess } from "../express-like/access-log.ts";
import { EventRequest } from "../express-like/request.ts";
import { BodyError } from "../express-like/request-body.ts";
import { EventResponse } from "../express-like/response.ts";
import { type CallRules, runCall } from "../express-like/run-call.ts";
import { createSurface, HTML, readBodyLimit } from "../express-like/surface.ts";
import { functionTimeoutMs } from "../function-timeout.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { createCallMetrics } from "./call-metrics.ts";
import { buildKubelessEvent } from "./event.ts";

export function openKubelessFunction(
  { origin, handler }: Extract<LoadedFunction, { contract: "kubeless" }>,
  host: FunctionHost,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EventFunction {
  const timeoutMs = functionTimeoutMs(environment, host.eventTimeoutMs, host.trigger.kind);
  const maxBodyBytes = readBodyLimit(environment, "REQ_MB_LIMIT");
  const module = environment["MOD_NAME"] || basename(origin.file, extname(origin.file));
  const metrics = createCallMetrics(host.metrics, module);
  const context = {
    "function-name": environment["FUNC_HANDLER"] || origin.exportName,
    timeout: timeoutMs / 1000,
    runtime: environment["FUNC_RUNTIME"],
    "memory-limit": environment["FUNC_MEMORY_LIMIT"],
  };

  async function run(event: FunctionEvent, call: EventCall): Promise<EventResult> {
    const request = new EventRequest(event);
    const response = new EventResponse(request, (message) => call.log.warn(`the response: ${message}`));
    const ended = metrics.begin(request.method);
    const rules: CallRules = {
      origin,
      timeoutMs,
      finish,
      answerFailure: (_, failed) => void failed.status(500).send("Internal Server Error"),
      answerTimeout: (late) => void late.status(408).json({ code: "ERR_SCRIPT_EXECUTION_TIMEOUT" }),
      ended: (outcome) => ended(outcome !== "done"),
    };
    let kubelessEvent: object;
    try {
      kubelessEvent = buildKubelessEvent(request, response, event.body, maxBodyBytes);
    } catch (error) {
      ended(true);
      throw refuseBody(error);
    }
    return runCall(() => handler(kubelessEvent, { ...context }), response, call, rules);
  }

  return {
    origin,
    invoke: (event, call) => logAccess(event, host.log, run(event, call)),
    web: null,
    surface: createSurface({
      maxBodyBytes,
      async metrics() {
        const names = [kubelessDuration.name, kubelessCalls.name, kubelessFailures.name];
        const { contentType, text } = await renderPrometheus(await host.collectTotals(names), {});
        return new Response(text, { headers: { "content-type": contentType } });
      },
    }),
    close: () => Promise.resolve(),
  };
}

/** What the handler gave, as Kubeless sends it. */
function finish(result: unknown, response: EventResponse): void {
  if (typeof result === "string") response.end(result);
  else if (typeof result === "object") response.json(result);
  else if (result === undefined) response.end();
  else response.end(JSON.stringify(result));
}

/** A body that is not what its header fields say is a failure of the function to Kubeless. */
function refuseBody(error: unknown): EventError {
  const isTooLarge = error instanceof BodyError && error.status === 413;
  const answer: EventResult = {
    status: isTooLarge ? 413 : 500,
    headers: [["content-type", HTML]],
    body: Buffer.from(isTooLarge ? "request entity too large" : "Internal Server Error"),
  };
  const message = error instanceof Error ? error.message : String(error);
  return new EventError(isTooLarge ? "TOO_LARGE" : "BAD_EVENT", message, answer, { cause: error });
}
