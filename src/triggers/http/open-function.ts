/** The user's function as an http trigger runs it. */
import type { EventFunction, HttpSurface, WebFunction } from "../../function/event-function.ts";
import { openEventFunction } from "../../function/open-event-function.ts";
import type { OpenTriggerConfig, TriggerHost } from "../contract.ts";
import type { HttpAttributes } from "./attributes.ts";

export interface HttpFunction {
  readonly serve:
    | { readonly kind: "web"; readonly web: WebFunction }
    | { readonly kind: "events"; readonly invoke: EventFunction["invoke"] };
  /** Null: the trigger's own rules. */
  readonly surface: HttpSurface | null;
  close(): Promise<void>;
}

/** @throws FunctionLoadError */
export async function openFunction(
  { attributes, ...trigger }: OpenTriggerConfig<HttpAttributes>,
  host: TriggerHost,
): Promise<HttpFunction> {
  const { log, eventTimeoutMs } = host;
  if (host.function.contract === "middleware") {
    const { openMiddleware } = await import("./middleware/open.ts");
    const { upstream, maxBodyBytes } = attributes;
    const web = openMiddleware(host.function.run, { upstream, maxBodyBytes, log, eventTimeoutMs });
    return { serve: { kind: "web", web }, surface: null, close: () => Promise.resolve() };
  }
  const opened = await openEventFunction(host.function, {
    log,
    metrics: host.metrics,
    collectTotals: host.collectTotals,
    trigger: { kind: trigger.kind, name: trigger.name },
    workerId: String(host.workerIndex),
    numWorkers: trigger.numWorkers,
    workerAvailabilityTimeoutMs: trigger.workerAvailabilityTimeoutMs,
    workerTerminationTimeoutMs: trigger.workerTerminationTimeoutMs,
    eventTimeoutMs,
    functionName: host.functionName,
    functionNamespace: host.functionNamespace,
  });
  const { web, surface } = opened;
  const invoke: EventFunction["invoke"] = (event, call) => opened.invoke(event, call);
  const serve: HttpFunction["serve"] = web === null ? { kind: "events", invoke } : { kind: "web", web };
  return { serve, surface, close: () => opened.close() };
}
