/** The processor's own ports from the checked platform configuration. */
import { placeAt } from "./config-node.ts";
import type { ConfigProblem, ListenConfig, PlatformConfig } from "./contract.ts";
import { nearest } from "./did-you-mean.ts";
import type { ConfigRoots } from "./log-config.ts";
import { listenAddressMend, parseListenAddress } from "./platform-schema.ts";
import type { ListenAddress, PlatformDocument } from "./platform-schema.ts";
import { makeProblem } from "./source-text.ts";

export interface FunctionIdentity {
  readonly name: string;
  readonly namespace: string;
}

/** `instanceTemplate`: the environment's NUCLIO_FUNCTION_INSTANCE. */
export function platformConfig(
  document: PlatformDocument,
  identity: FunctionIdentity,
  instanceTemplate: string | undefined,
  roots: ConfigRoots,
  problems: ConfigProblem[],
): PlatformConfig {
  const sink = pullSink(document.metrics, roots, problems);
  const metrics = listen(
    document.metrics.enabled && sink?.enabled !== false,
    sink?.address ?? document.metrics.listenAddress,
    8090,
  );
  const template = sink?.instanceName || instanceTemplate || "{{ .Namespace }}-{{ .Name }}";
  return {
    admin: listen(document.webAdmin.enabled, document.webAdmin.listenAddress, 8081),
    health: listen(document.healthCheck.enabled, document.healthCheck.listenAddress, 8082),
    metrics: { ...metrics, instanceName: fillTemplate(template, identity) },
  };
}

function listen(enabled: boolean, address: ListenAddress | undefined, defaultPort: number): ListenConfig {
  if (address === undefined) return { enabled, hostname: "0.0.0.0", port: defaultPort, explicit: false };
  return { enabled, hostname: address.hostname, port: address.port, explicit: true };
}

interface PullSink {
  readonly enabled: boolean;
  readonly address: ListenAddress | undefined;
  readonly instanceName: string;
}

/** The Prometheus endpoint among the sinks to start; null when none is named, which leaves the default one on. */
function pullSink(
  metrics: PlatformDocument["metrics"],
  { platformRoot, fallback }: ConfigRoots,
  problems: ConfigProblem[],
): PullSink | null {
  const sinks = new Map(Object.entries(metrics.sinks));
  let found: PullSink | null = null;
  for (const [index, name] of metrics.functions.entries()) {
    const sink = sinks.get(name);
    const path = `metrics.functions.${index}`;
    const place = placeAt(platformRoot, path.split("."), fallback);
    if (sink === undefined) {
      const near = nearest(name, [...sinks.keys()]);
      const mend = near === null ? "add it there" : `did you mean "${near}"?`;
      problems.push(
        makeProblem("error", "unknown-sink", path, `There is no such sink in \`metrics.sinks\` - ${mend}`, place),
      );
      continue;
    }
    if (sink.kind !== "prometheusPull") {
      const message = `A metrics sink of kind ${sink.kind} has no effect here: metrics are served in the Prometheus text format`;
      problems.push(makeProblem("warning", "no-effect", path, message, place));
      continue;
    }
    const address = sink.url === undefined || sink.url === "" ? undefined : parseListenAddress(sink.url);
    if (address === null) {
      const urlPlace = placeAt(platformRoot, ["metrics", "sinks", name, "url"], fallback);
      const message = `"url" ${listenAddressMend}`;
      problems.push(makeProblem("error", "bad-value", `metrics.sinks.${name}.url`, message, urlPlace));
    }
    const { instanceName } = sink.attributes;
    found ??= {
      enabled: sink.enabled,
      address: address ?? undefined,
      instanceName: typeof instanceName === "string" ? instanceName : "",
    };
  }
  return found;
}

function fillTemplate(template: string, { name, namespace }: FunctionIdentity): string {
  return template.replace(/\{\{\s*\.(Namespace|Name)\s*\}\}/g, (_, field: string) =>
    field === "Name" ? name : namespace,
  );
}
