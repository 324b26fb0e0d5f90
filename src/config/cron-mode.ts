/** Cron triggers that are the platform's: in Kubernetes it may make CronJobs of them (`cronTriggerCreationMode`). */
import type { OpenTriggerConfig } from "../triggers/contract.ts";
import { placeAt } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

/** The triggers to open: in Kubernetes and with "kube" those of kind cron are left out, each with a warning. */
export function leaveCronToPlatform(
  triggers: readonly OpenTriggerConfig[],
  mode: "processor" | "kube",
  environment: Readonly<Record<string, string | undefined>>,
  document: { readonly root: ConfigNode | null; readonly place: Place },
  problems: ConfigProblem[],
): readonly OpenTriggerConfig[] {
  const inKubernetes = Boolean(environment["KUBERNETES_SERVICE_HOST"] && environment["KUBERNETES_SERVICE_PORT"]);
  if (mode === "processor" || !inKubernetes) return triggers;
  return triggers.filter(({ kind, name }) => {
    if (kind !== "cron") return true;
    const place = placeAt(document.root, ["spec", "triggers", name], document.place);
    const message = `"${name}" is not opened here: the platform makes a CronJob of it (cronTriggerCreationMode: kube)`;
    problems.push(makeProblem("warning", "no-effect", `spec.triggers.${name}`, message, place));
    return false;
  });
}
