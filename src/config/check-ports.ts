/** Ports the configuration gives to two of the processor's servers. */
import type { OpenTriggerConfig, TriggerKind } from "../triggers/contract.ts";
import { placeAt } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem, PlatformConfig } from "./contract.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

interface Server {
  readonly title: string;
  readonly hostname: string;
  readonly port: number;
}

/**
 * Triggers share their port among workers, so two triggers on one port would share each other's traffic without any
 * error from the system: it must show here.
 */
export function checkPorts(
  triggers: readonly OpenTriggerConfig[],
  kinds: readonly TriggerKind[],
  platform: PlatformConfig,
  root: ConfigNode | null,
  fallback: Place,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const taken: Server[] = [];
  for (const [title, server] of [
    ["the admin pages (webAdmin.listenAddress)", platform.admin],
    ["health (healthCheck.listenAddress)", platform.health],
    ["the metrics (metrics.listenAddress)", platform.metrics],
  ] as const) {
    if (server.enabled) taken.push({ title, hostname: server.hostname, port: server.port });
  }
  for (const trigger of triggers) {
    const address = kinds.find((kind) => kind.kind === trigger.kind)?.listensOn?.(trigger) ?? null;
    if (address === null || address.port === 0) continue;
    const other = taken.find((server) => overlap(server, address));
    if (other !== undefined) {
      const message = `Trigger "${trigger.name}" would listen on port ${address.port}, which is the port of ${other.title}: choose another`;
      const prefix = `spec.triggers.${trigger.name}.`;
      const below = address.setting.startsWith(prefix) ? address.setting.slice(prefix.length).split(".") : [];
      const place = placeAt(root, ["spec", "triggers", trigger.name, ...below], fallback);
      problems.push(makeProblem("error", "port-conflict", address.setting, message, place));
    }
    taken.push({ title: `trigger "${trigger.name}"`, hostname: address.hostname, port: address.port });
  }
  return problems;
}

function overlap(a: Server, b: { readonly hostname: string; readonly port: number }): boolean {
  return a.port === b.port && (a.hostname === b.hostname || isWildcard(a.hostname) || isWildcard(b.hostname));
}

function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}
