/** Nuclio functions, in whatever language, as triggers call them. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { EventCall, EventFunction, FunctionHost } from "../event-function.ts";
import { limitTime, timedOutAnswer } from "../time-limit.ts";
import { collectLogs, type LogCollector, withLogs } from "./collect-logs.ts";
import type { NuclioFunction } from "./open.ts";
import type { NuclioResult } from "./result.ts";
import { toNuclioEvent } from "./to-nuclio-event.ts";

/** What a client is told of what the handler threw. */
export type DescribeError = (error: unknown) => string;

/**
 * An `EventError` the function rejects with goes on as it is; anything else it rejects with is the handler's.
 * @param host `eventTimeoutMs` 0: the function keeps its time limit itself, where what hangs can be ended.
 */
export function toEventFunction(
  nuclio: NuclioFunction,
  { eventTimeoutMs, trigger }: Pick<FunctionHost, "eventTimeoutMs" | "trigger">,
  describeError: DescribeError,
): EventFunction {
  const run = async (event: FunctionEvent, call: EventCall): Promise<EventResult> => {
    const converted = toNuclioEvent(event);
    try {
      const result = nuclio.invoke(converted, call);
      return toEventResult(await (eventTimeoutMs === 0 ? result : limitTime(result, eventTimeoutMs, timedOutAnswer)));
    } catch (error) {
      throw error instanceof EventError ? error : handlerFailed(error, describeError);
    }
  };
  return {
    origin: nuclio.origin,
    web: null,
    surface: null,
    invoke(event, call) {
      const collector = collectLogs(event, call.log, trigger.name);
      return collector === null ? run(event, call) : runWithLogs(run, event, call, collector);
    },
    close: () => nuclio.close(),
  };
}

async function runWithLogs(
  run: (event: FunctionEvent, call: EventCall) => Promise<EventResult>,
  event: FunctionEvent,
  { signal }: EventCall,
  collector: LogCollector,
): Promise<EventResult> {
  try {
    return withLogs(await run(event, { log: collector.log, signal }), collector);
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    const { code, message, answer, cause } = error;
    throw new EventError(code, message, withLogs(answer, collector), { cause });
  }
}

function toEventResult({ status, headers, contentType, body }: NuclioResult): EventResult {
  return { status: status ?? 200, headers: [["content-type", contentType ?? "text/plain"], ...headers], body };
}

function handlerFailed(error: unknown, describeError: DescribeError): EventError {
  const body = Buffer.from(describeError(error));
  const answer: EventResult = { status: 500, headers: [["content-type", "text/plain"]], body };
  return new EventError("HANDLER_FAILED", "the handler failed", answer, { cause: error });
}
