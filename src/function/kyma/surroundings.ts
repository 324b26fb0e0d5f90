/** What both ways of writing a Kyma function are given, and what they are bound to. */
import type { Tracer } from "@opentelemetry/api";
import type { FunctionLog } from "../contract.ts";
import type { EventRequest } from "../express-like/request.ts";
import type { EventResponse } from "../express-like/response.ts";
import type { CallRules } from "../express-like/run-call.ts";
import type { Publisher } from "./publish.ts";

export interface KymaSurroundings {
  readonly tracer: Tracer;
  readonly publish: Publisher;
  readonly functionName: string;
  readonly namespace: string;
  /** `FUNC_RUNTIME` */
  readonly runtime: string | undefined;
  readonly timeoutSeconds: number;
  readonly bodyLimitMegabytes: number;
}

export interface BoundApi extends Pick<CallRules, "finish" | "answerFailure"> {
  /**
   * Makes the call ready.
   * @param request Its `body` is parsed.
   * @throws CloudEventError
   */
  prepare(request: EventRequest, response: EventResponse, log: FunctionLog): () => unknown;
}
