/** `main(event, context, callback)`: Kyma's functions up to Node.js 24. */
import type { HeaderValue } from "../express-like/outgoing-headers.ts";
import type { EventHandler } from "../loaded-function.ts";
import { sendKymaFailure, sendKymaResponse } from "./answer.ts";
import { buildKymaEvent } from "./event.ts";
import type { BoundApi, KymaSurroundings } from "./surroundings.ts";

export function bindEventApi(handler: EventHandler, around: KymaSurroundings): BoundApi {
  const { tracer, publish } = around;
  const context = {
    "function-name": around.functionName,
    runtime: around.runtime,
    namespace: around.namespace,
    timeout: around.timeoutSeconds,
    "body-size-limit": around.bodyLimitMegabytes,
  };
  return {
    prepare(request, response, log) {
      const event = buildKymaEvent(request, response, { tracer, publish, log });
      const callback = (body?: unknown, status?: number, headers?: Readonly<Record<string, HeaderValue>>): void => {
        if (response.writableEnded) log.warn("callback was called after the function had answered: ignored");
        else sendKymaResponse(response, body, status, headers);
      };
      return () => handler(event, { ...context }, callback);
    },
    finish: (result, response) => sendKymaResponse(response, result),
    answerFailure: (error, response) => sendKymaFailure(response, error),
  };
}
