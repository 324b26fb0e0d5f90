/** What the parts of an http trigger share. */
import type { TriggerInfo } from "../../event/contract.ts";
import type { EventMetrics } from "../../event/event-metrics.ts";
import type { FetchServer } from "../../function/contract.ts";
import type { FunctionOrigin } from "../../function/loaded-function.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { PendingAnswers } from "./pending-answers.ts";

/** Answers a request. `undefined`: it was upgraded. Neither throws nor rejects. */
export type RequestHandler = (request: Request) => Response | undefined | Promise<Response | undefined>;

/** Calls the function. `resolve` is called once, with the answer; nothing is thrown. */
export type RequestStart = (request: Request, resolve: (answer: Response | undefined) => void) => void;

export interface HttpService {
  readonly trigger: TriggerInfo;
  readonly origin: FunctionOrigin;
  readonly log: Logger;
  readonly metrics: EventMetrics;
  readonly pending: PendingAnswers;
  readonly maxBodyBytes: number;
  readonly readTimeoutMs: number;
  /** To a body beyond `maxBodyBytes`. */
  bodyTooLarge(): Response;
  readonly server: FetchServer & {
    /** Whether the function answered the request by opening a WebSocket. */
    upgraded(request: Request): boolean;
  };
}
