/** Read-only view of the running processor, on the routes of Nuclio's web admin, and a status at `/`. */
import type { ListenConfig } from "../config/contract.ts";
import type { Logger } from "../telemetry/log.ts";
import type { OpenTriggerConfig } from "../triggers/contract.ts";
import { describeTrigger } from "./describe-trigger.ts";
import { answerJson, type HttpPort, openHttpPort, refuseOtherThanGet } from "./http-port.ts";
import type { TriggerStats } from "./trigger-stats.ts";

export interface AdminServerOptions {
  readonly listen: ListenConfig;
  readonly required: boolean;
  readonly log: Logger;
  readonly triggers: readonly OpenTriggerConfig[];
  status(): unknown;
  stats(trigger: string): Promise<TriggerStats>;
}

export function openAdminServer(options: AdminServerOptions): HttpPort {
  return openHttpPort({
    ...options,
    name: "admin",
    setting: "webAdmin.listenAddress",
    handle: (request, url) => answerAdmin(request, url, options),
  });
}

export async function answerAdmin(
  request: Request,
  url: URL,
  { triggers, status, stats }: Pick<AdminServerOptions, "triggers" | "status" | "stats">,
): Promise<Response> {
  const [root = "", name, leaf, ...rest] = decodePath(url.pathname);
  const trigger = triggers.find((candidate) => candidate.name === name);
  const known =
    rest.length === 0 &&
    (root === "" || (root === "triggers" && (name === undefined || trigger !== undefined))) &&
    (leaf === undefined || leaf === "stats");
  if (!known) return new Response(null, { status: 404 });
  const refusal = refuseOtherThanGet(request);
  if (refusal !== null) return refusal;
  if (root === "") return answerJson(status());
  if (trigger === undefined) {
    return answerJson(Object.fromEntries(triggers.map((each) => [each.name, describeTrigger(each)])));
  }
  return answerJson(leaf === undefined ? describeTrigger(trigger) : await stats(trigger.name));
}

/** Steps of the path without the trailing slash; a step that is not valid percent-encoding stays as it is. */
function decodePath(path: string): string[] {
  const steps = path.split("/").slice(1);
  if (steps.length > 1 && steps.at(-1) === "") steps.pop();
  return steps.map((step) => {
    try {
      return decodeURIComponent(step);
    } catch {
      return step;
    }
  });
}
