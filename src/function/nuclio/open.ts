/** A Nuclio handler ready for events: initialised once, called with a context of its own for every event. */
import type { FunctionLog, NuclioContext, NuclioEvent, NuclioHandler } from "../contract.ts";
import { describeFailure } from "../describe-failure.ts";
import { readIdentity } from "../digital-hub/run.ts";
import type { EventCall } from "../event-function.ts";
import { FunctionLoadError } from "../load-error.ts";
import type { FunctionOrigin, LoadedFunction } from "../loaded-function.ts";
import { HandlerLogger } from "./logger.ts";
import { HandlerResponse } from "./response.ts";
import { type NuclioResult, toResult } from "./result.ts";

export interface NuclioFunction {
  readonly origin: FunctionOrigin;
  readonly trigger: NuclioEvent["trigger"];
  /**
   * Calls the handler; events may overlap. The first of these is its result: what `context.callback` is given, what it
   * returns, what its promise resolves with. Rejects with what it throws, or with an Error naming what cannot be sent.
   */
  invoke(event: NuclioEvent, call: EventCall): Promise<NuclioResult>;
  /** Ends what it holds beyond this thread. Nothing is in flight any more. */
  close(): Promise<void>;
}

export interface NuclioHost {
  readonly log: FunctionLog;
  readonly workerId: string;
  readonly trigger: NuclioEvent["trigger"];
}

/**
 * Awaits `initContext`.
 * @throws FunctionLoadError `INIT_CONTEXT_FAILED`
 */
export async function openNuclioFunction(
  loaded: Extract<LoadedFunction, { contract: "nuclio" }>,
  host: NuclioHost,
): Promise<NuclioFunction> {
  const { origin, handler, initContext } = loaded;
  const userData: Record<string, unknown> = {};
  const { project, run } = readIdentity(process.env);
  const createContext = (log: FunctionLog, callback: (result: unknown) => void): NuclioContext => ({
    callback,
    Response: HandlerResponse,
    userData,
    logger: new HandlerLogger(log),
    workerId: host.workerId,
    trigger: host.trigger,
    project,
    run,
  });
  if (initContext !== null) {
    try {
      await initContext(createContext(host.log, () => host.log.warn("context.callback has no effect in initContext")));
    } catch (error) {
      throw initContextFailed(error, origin);
    }
  }
  const callsBack = await usesCallback(handler, origin.file);
  return {
    origin,
    trigger: host.trigger,
    invoke: (event, { log }) => invoke(handler, callsBack, event, log, createContext),
    close: () => Promise.resolve(),
  };
}

function invoke(
  handler: NuclioHandler,
  callsBack: boolean,
  event: NuclioEvent,
  log: FunctionLog,
  createContext: (log: FunctionLog, callback: (result: unknown) => void) => NuclioContext,
): Promise<NuclioResult> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let settled = false;
  const callback = (result: unknown): void => {
    if (settled) log.warn("context.callback was called after the handler had given its result: ignored");
    settled = true;
    resolve(result);
  };
  const returned = (result: unknown): void => {
    if (settled && result !== undefined) log.warn("the handler returned a value after context.callback: ignored");
    settled = true;
    resolve(result);
  };
  const failed = (error: unknown): void => {
    if (settled) log.warn({ error: String(error) }, "the handler failed after it had given its result");
    settled = true;
    reject(error);
  };
  try {
    const result = handler(createContext(log, callback), event);
    if (isThenable(result)) result.then(returned, failed);
    else if (settled || result !== undefined || !callsBack) returned(result);
  } catch (error) {
    failed(error);
  }
  return promise.then(toResult);
}

const USES_CALLBACK = /\.callback\b|["']callback["']|[{,]\s*callback\s*[,:}]/;

/**
 * A handler that returns `undefined` either has nothing to say or will call back later. One whose module never uses
 * `callback` is of the first kind, and must not be waited for.
 */
async function usesCallback(handler: NuclioHandler, file: string): Promise<boolean> {
  if (USES_CALLBACK.test(Function.prototype.toString.call(handler))) return true;
  const module = Bun.file(file);
  return (await module.exists()) && USES_CALLBACK.test(await module.text());
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function initContextFailed(error: unknown, origin: FunctionOrigin): FunctionLoadError {
  const { message, file, line, column } = describeFailure(error, origin);
  const place = `${file ?? origin.file}${line === null ? "" : `:${line}:${column}`}`;
  return new FunctionLoadError("INIT_CONTEXT_FAILED", null, `${place}: initContext failed\n${message}`, {
    cause: error,
  });
}
