/** The user's function as an extproc trigger runs it. */
import type { Middleware } from "../../function/contract.ts";
import { describeFailure } from "../../function/describe-failure.ts";
import { openNuclioFunction } from "../../function/nuclio/open.ts";
import { type OpenTriggerConfig, TriggerError, type TriggerHost } from "../contract.ts";
import type { DigitalHubType, ExtprocAttributes } from "./attributes.ts";
import type { Observer } from "./digital-hub/contract.ts";
import { createDigitalHubFunction } from "./digital-hub/create.ts";
import type { ExtprocMetrics } from "./exchange-metrics.ts";
import { failureReason } from "./failure.ts";

export type ExtprocFunction =
  /** Stands in the way of the exchange: middleware, and the Digital Hub types that may change it. */
  | { readonly kind: "middleware"; readonly run: Middleware }
  /** Looks at copies. */
  | { readonly kind: "observer"; readonly observer: Observer };

/** @throws TriggerError when the function's contract does not fit the trigger; FunctionLoadError from its `initContext`. */
export async function openFunction(
  trigger: OpenTriggerConfig<ExtprocAttributes>,
  host: TriggerHost,
  metrics: ExtprocMetrics,
): Promise<ExtprocFunction> {
  const loaded = host.function;
  const { type } = trigger.attributes;
  if (loaded.contract === "middleware" && type === null) return { kind: "middleware", run: loaded.run };
  if (loaded.contract !== "nuclio" || type === null) throw mismatch(trigger.name, type, loaded);
  const nuclio = await openNuclioFunction(loaded, {
    log: host.log,
    workerId: String(host.workerIndex),
    trigger: { kind: trigger.kind, name: trigger.name },
  });
  const opened = createDigitalHubFunction(nuclio, { ...trigger.attributes, type }, host.functionName, {
    dropped: () => metrics.failure("observer_dropped"),
    failed(error, copy) {
      metrics.failure(failureReason(error));
      const { message, file, line } = describeFailure(error, loaded.origin);
      const at = file === null ? loaded.origin.file : `${file}:${line}`;
      copy.log.error({ error: message, at }, "the observer failed");
    },
  });
  if (opened.kind === "observer") return opened;
  // The session hands out messages that fit; middleware as users write it is promised less of them.
  return { kind: "middleware", run: opened.run as Middleware };
}

function mismatch(triggerName: string, type: DigitalHubType | null, loaded: TriggerHost["function"]): TriggerError {
  const { file, exportName } = loaded.origin;
  const wanted = type === null ? "a middleware (export default)" : `a Nuclio handler, as type "${type}" demands`;
  const mend = type === null && loaded.contract === "nuclio" ? ": set attributes.type to run a Nuclio handler" : "";
  const message = `${file}: export "${exportName}" is a ${loaded.contract} function, but an extproc trigger runs ${wanted}${mend}`;
  return new TriggerError("CONTRACT_MISMATCH", `spec.triggers.${triggerName}.attributes.type`, message);
}
