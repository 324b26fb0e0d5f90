/** `FUNC_PORT` of Kubeless and Kyma, `SERVER_PORT` of Kyma's newer runtimes: the port of http triggers that name none. */
import { kymaApi } from "../function/kyma/function-api.ts";
import { child, matchesKey } from "./config-node.ts";
import type { ConfigEntry, ConfigNode } from "./config-node.ts";
import { scalarFromEnvironment } from "./plain-scalar.ts";
import type { Place } from "./source-text.ts";

/** Adds `attributes.port` to the http triggers that have neither that nor a `url`. */
export function addFunctionPort(
  root: ConfigNode | null,
  environment: Readonly<Record<string, string | undefined>>,
): ConfigNode | null {
  const variable = kymaApi(environment) === "request" ? "SERVER_PORT" : "FUNC_PORT";
  const port = environment[variable];
  // In a namespace with a Service called "func" Kubernetes sets the variable to that one's address.
  if (!port || port.includes("://")) return root;
  const place: Place = { kind: "environment", variable };
  const entry: ConfigEntry = { key: "port", loose: false, place, value: scalarFromEnvironment(port, place) };
  return changeAt(root, ["spec", "triggers"], (triggers) => ({
    ...triggers,
    entries: triggers.entries.map((each) => ({ ...each, value: withPort(each.value, entry) })),
  }));
}

function withPort(trigger: ConfigNode, port: ConfigEntry): ConfigNode {
  const kind = child(trigger, "kind")?.value;
  if (trigger.kind !== "map" || kind?.kind !== "scalar" || kind.value !== "http") return trigger;
  const attributes = child(trigger, "attributes");
  if (child(trigger, "url") !== null || child(attributes?.value ?? null, "port") !== null) return trigger;
  const { place } = port;
  if (attributes === null) {
    const value: ConfigNode = { kind: "map", entries: [port], place };
    return { ...trigger, entries: [...trigger.entries, { key: "attributes", loose: false, place, value }] };
  }
  return changeAt(trigger, ["attributes"], (map) => ({ ...map, entries: [...map.entries, port] })) ?? trigger;
}

type MapNode = Extract<ConfigNode, { kind: "map" }>;

/** The tree with the map at the steps changed; as it is when there is no map. */
function changeAt(
  node: ConfigNode | null,
  steps: readonly string[],
  change: (map: MapNode) => ConfigNode,
): ConfigNode | null {
  if (node?.kind !== "map") return node;
  const [step, ...rest] = steps;
  if (step === undefined) return change(node);
  const entries = node.entries.map((entry) => {
    if (!matchesKey(entry, step)) return entry;
    return { ...entry, value: changeAt(entry.value, rest, change) ?? entry.value };
  });
  return { ...node, entries };
}
