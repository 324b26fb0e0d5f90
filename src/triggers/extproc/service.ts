/** What all exchanges of one trigger in one worker share. */
import type { Middleware } from "../../function/contract.ts";
import { ExchangeError } from "../../function/errors.ts";
import type { HeaderGuard } from "../../function/header-list.ts";
import type { FunctionOrigin } from "../../function/loaded-function.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { ExtprocAttributes, OnError } from "./attributes.ts";
import type { ExtprocMetrics } from "./exchange-metrics.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { ProcessingRequestReader } from "./wire/processing-request.ts";

export interface ExtprocService {
  readonly settings: ExtprocAttributes;
  readonly origin: FunctionOrigin;
  /** What becomes of an exchange whose function failed. */
  readonly onError: OnError;
  /** Exchanges that begin with the response run the function too. */
  readonly runsWithoutRequest: boolean;
  readonly log: Logger;
  readonly metrics: ExtprocMetrics;
  /** Refuses the header names functions may not change. */
  readonly headerGuard: HeaderGuard;
  /** Messages are read one at a time: one reader serves all. */
  readonly reader: ProcessingRequestReader;
  /** Exchanges begun and not ended. */
  readonly sessions: OpenExchanges;
  /** Header names that were left out of answers and told of in the log: once is enough. */
  readonly told: Set<string>;
}

/** With the function that stands in the way of its exchanges. */
export interface MiddlewareService extends ExtprocService {
  readonly run: Middleware;
}

/** An exchange as the trigger looks after it. */
export interface ServedExchange {
  /** Kept by `OpenExchanges`. */
  place: number;
  /** Ends it while the processor shuts down: the original passes where it can. */
  endForDrain(): void;
  /** Asks the proxy for more time, or falls to the failure policy, when an answer is overdue at `now`. */
  checkDeadline(now: number): void;
}

/** Which header names functions may change. Framing fields are not refused: the processor keeps them right itself. */
export function createHeaderGuard(settings: ExtprocAttributes): HeaderGuard {
  return (name) => {
    if (name === "host") {
      const message = `header "host" cannot change: assign request.authority, with allowRouting of the trigger and mutation_rules.allow_all_routing of Envoy's filter`;
      throw new ExchangeError("NOT_ALLOWED_BY_ENVOY", message);
    }
    if (!settings.allowEnvoyHeaders && name.startsWith("x-envoy-")) {
      const message = `header "${name}" cannot change: set allowEnvoyHeaders of the trigger and mutation_rules.allow_envoy of Envoy's filter`;
      throw new ExchangeError("NOT_ALLOWED_BY_ENVOY", message);
    }
  };
}
