/** A Web-standard request handler ready for requests as they come, and for events. */
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { FetchServer } from "../contract.ts";
import type { EventFunction, FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import { limitTime, timedOutAnswer } from "../time-limit.ts";
import { toRequest } from "./to-request.ts";

/** The client is not told what went wrong. */
const FAILED: EventResult = { status: 500, headers: [], body: null };

const NO_CONTENT: EventResult = { status: 204, headers: [], body: null };

type FetchResult = Response | undefined;

export function openFetchFunction(
  loaded: Extract<LoadedFunction, { contract: "fetch" }>,
  { eventTimeoutMs }: Pick<FunctionHost, "eventTimeoutMs">,
): EventFunction {
  const handler = loaded.fetch;
  const limited = (result: Promise<FetchResult>): Promise<FetchResult> => {
    const checked = result.then(checkedResult, failed);
    return eventTimeoutMs === 0 ? checked : limitTime(checked, eventTimeoutMs, timedOutAnswer);
  };
  const fetch = (request: Request, server: FetchServer): FetchResult | Promise<FetchResult> => {
    let result: FetchResult | Promise<FetchResult>;
    try {
      result = handler(request, server);
    } catch (error) {
      return failed(error);
    }
    if (!(result instanceof Promise)) return checkedResult(result);
    // What is there already needs neither a second promise nor a timer.
    const settled = Bun.peek(result);
    return settled === result || !(settled instanceof Response) ? limited(result) : settled;
  };
  return {
    origin: loaded.origin,
    web: { fetch, websocket: loaded.websocket },
    surface: null,
    async invoke(event, call) {
      const response = await fetch(toRequest(event, call.signal), NO_SERVER);
      // Nobody waits for an answer to an event: a function that has done its work may give none.
      if (response === undefined) return NO_CONTENT;
      return collected(response, event);
    },
    close: () => Promise.resolve(),
  };
}

/** In front of an event there is no server. */
const NO_SERVER: FetchServer = { upgrade: () => false, requestIP: () => null };

async function collected(response: Response, { method }: FunctionEvent): Promise<EventResult> {
  try {
    const body = method === "HEAD" ? null : await response.bytes();
    return { status: response.status, headers: [...response.headers], body };
  } catch (error) {
    return failed(error);
  }
}

function checkedResult(result: FetchResult): FetchResult {
  if (result instanceof Response || result === undefined) return result;
  return failed(new TypeError(`the function returned ${Bun.inspect(result, { depth: 0 })}: return a Response`));
}

function failed(error: unknown): never {
  if (error instanceof EventError) throw error;
  throw new EventError("HANDLER_FAILED", "the function failed", FAILED, { cause: error });
}
