/** The trigger of a configuration that names none: `processor run hello.ts` serves Envoy on the kind's default port. */
import { child, looseKey } from "./config-node.ts";
import type { ConfigEntry, ConfigNode } from "./config-node.ts";
import type { Override } from "./environment-overrides.ts";
import type { Place } from "./source-text.ts";

/** `spec.triggers: {extproc: {kind: extproc}}` in a configuration in which neither file nor environment names a kind. */
export function addDefaultTrigger(
  root: ConfigNode | null,
  overrides: readonly Override[],
  place: Place,
  kindName: "extproc" | "http" = "extproc",
): ConfigNode | null {
  const spec = child(root, "spec");
  const triggers = child(spec?.value ?? null, "triggers")?.value ?? null;
  const named = triggers !== null && !(triggers.kind === "map" ? triggers.entries.length === 0 : isEmpty(triggers));
  if (named || overrides.some(namesKind)) return root;
  if (root !== null && root.kind !== "map" && !isEmpty(root)) return root;
  if (spec !== null && spec.value.kind !== "map" && !isEmpty(spec.value)) return root;
  const kind: ConfigNode = { kind: "scalar", value: kindName, text: kindName, plain: true, hidden: false, place };
  const trigger = withEntry(null, kindName, withEntry(null, "kind", kind, place), place);
  return withEntry(root, "spec", withEntry(spec?.value ?? null, "triggers", trigger, place), place);
}

function isEmpty(node: ConfigNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function namesKind({ steps }: Override): boolean {
  return looseKey(steps[0] ?? "") === "triggers" && looseKey(steps.at(-1) ?? "") === "kind";
}

function withEntry(map: ConfigNode | null, key: string, value: ConfigNode, place: Place): ConfigNode {
  const entries = map?.kind === "map" ? map.entries : [];
  const existing = child(map, key);
  const entry: ConfigEntry = existing === null ? { key, loose: false, place, value } : { ...existing, value };
  const others = entries.filter((other) => other !== existing);
  return { kind: "map", entries: [...others, entry], place: map?.place ?? place };
}
