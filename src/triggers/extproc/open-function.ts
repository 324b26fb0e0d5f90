/** The user's function as an extproc trigger runs it. */
import type { Middleware } from "../../function/contract.ts";
import { describeFailure } from "../../function/describe-failure.ts";
import { type NuclioFunction, openNuclioFunction } from "../../function/nuclio/open.ts";
import type { NuclioResult } from "../../function/nuclio/result.ts";
import { DEFAULT_CONTENT_TYPE } from "../../function/python/result.ts";
import { type OpenTriggerConfig, TriggerError, type TriggerHost } from "../contract.ts";
import type { DigitalHubType, ExtprocAttributes } from "./attributes.ts";
import type { Observer } from "./digital-hub/contract.ts";
import { createDigitalHubFunction } from "./digital-hub/create.ts";
import type { ExtprocMetrics } from "./exchange-metrics.ts";
import { failureReason } from "./failure.ts";

export type ExtprocFunction =
  /** Stands in the way of the exchange: middleware, and the Digital Hub types that may change it. */
  | { readonly kind: "middleware"; readonly run: Middleware; close(): Promise<void> }
  /** Looks at copies. */
  | { readonly kind: "observer"; readonly observer: Observer; close(): Promise<void> };

/** @throws TriggerError when the function's contract does not fit the trigger; FunctionLoadError from its `initContext`. */
export async function openFunction(
  trigger: OpenTriggerConfig<ExtprocAttributes>,
  host: TriggerHost,
  metrics: ExtprocMetrics,
): Promise<ExtprocFunction> {
  const loaded = host.function;
  const { type } = trigger.attributes;
  if (loaded.contract === "middleware" && type === null) {
    return { kind: "middleware", run: loaded.run, close: () => Promise.resolve() };
  }
  if ((loaded.contract !== "nuclio" && loaded.contract !== "python") || type === null) {
    throw mismatch(trigger.name, type, loaded);
  }
  const handler = await openHandler(loaded, trigger, host);
  const opened = createDigitalHubFunction(handler, { ...trigger.attributes, type }, host.functionName, {
    dropped: () => metrics.failure("observer_dropped"),
    failed(error, copy) {
      metrics.failure(failureReason(error));
      const { message, file, line } = describeFailure(error, loaded.origin);
      const at = file === null ? loaded.origin.file : `${file}:${line}`;
      copy.log.error({ error: message, at }, "the observer failed");
    },
  });
  const close = (): Promise<void> => handler.close();
  if (opened.kind === "observer") return { ...opened, close };
  // The session hands out messages that fit; middleware as users write it is promised less of them.
  return { kind: "middleware", run: opened.run as Middleware, close };
}

async function openHandler(
  loaded: Extract<TriggerHost["function"], { contract: "nuclio" | "python" }>,
  { kind, name, ...trigger }: OpenTriggerConfig<ExtprocAttributes>,
  host: TriggerHost,
): Promise<NuclioFunction> {
  if (loaded.contract === "nuclio") {
    const workerId = String(host.workerIndex);
    return openNuclioFunction(loaded, { log: host.log, workerId, trigger: { kind, name } });
  }
  const { openPythonFunction } = await import("../../function/python/open.ts");
  const opened = await openPythonFunction(loaded, { ...host, ...trigger, trigger: { kind, name } });
  return { ...opened, invoke: (event, call) => opened.invoke(event, call).then(keepContentType) };
}

/** Python names the default when its handler names none: the message that goes on keeps its own. */
function keepContentType(result: NuclioResult): NuclioResult {
  return result.contentType === DEFAULT_CONTENT_TYPE ? { ...result, contentType: null } : result;
}

function mismatch(triggerName: string, type: DigitalHubType | null, loaded: TriggerHost["function"]): TriggerError {
  const { file, exportName } = loaded.origin;
  const wanted = type === null ? "a middleware (export default)" : `a Nuclio handler, as type "${type}" demands`;
  const mend = type === null && loaded.contract === "nuclio" ? ": set attributes.type to run a Nuclio handler" : "";
  const message = `${file}: export "${exportName}" is a ${loaded.contract} function, but an extproc trigger runs ${wanted}${mend}`;
  return new TriggerError("CONTRACT_MISMATCH", `spec.triggers.${triggerName}.attributes.type`, message);
}
