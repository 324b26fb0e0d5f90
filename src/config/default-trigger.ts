/** The trigger of a configuration that names none: `processor run hello.ts` serves on the kind's default port. */
import { isPython } from "../function/python/locate.ts";
import { child, looseKey } from "./config-node.ts";
import type { ConfigEntry, ConfigNode } from "./config-node.ts";
import { followsHttpContract } from "./environment-function.ts";
import type { Override } from "./environment-overrides.ts";
import type { Place } from "./source-text.ts";

export interface DefaultTrigger {
  /** Also its name. */
  readonly kind: string;
  /** Attributes it has beyond the defaults of its kind. */
  readonly port?: string;
  readonly contract?: "middleware";
}

/** Whether neither file nor environment names a kind, and there is room for a trigger. */
export function lacksTrigger(root: ConfigNode | null, overrides: readonly Override[]): boolean {
  const spec = child(root, "spec")?.value ?? null;
  const triggers = child(spec, "triggers")?.value ?? null;
  const named = triggers !== null && !(triggers.kind === "map" ? triggers.entries.length === 0 : isEmpty(triggers));
  if (named || overrides.some(namesKind)) return false;
  return isRoom(root) && isRoom(spec);
}

/** Null: only the function's exports say. A runtime is named for functions that answer events, and Python runs no others. */
export function knownKind(
  root: ConfigNode | null,
  overrides: readonly Override[],
  given: { readonly functionFile?: string; readonly environment: Readonly<Record<string, string | undefined>> },
): string | null {
  const spec = child(root, "spec")?.value ?? null;
  const written = (key: string): string => {
    const override = overrides.findLast(({ steps }) => steps.length === 1 && looseKey(steps[0] ?? "") === key);
    const node = child(spec, key)?.value;
    return override?.value ?? (node?.kind === "scalar" && node.value !== null ? node.text : "");
  };
  const runtime = written("runtime");
  const handler = given.functionFile ?? written("handler");
  if (runtime !== "" || isPython({ runtime, handler })) return "http";
  return followsHttpContract(root, given.functionFile, given.environment) ? "http" : null;
}

/** `spec.triggers: {http: {kind: http}}`. */
export function addDefaultTrigger(
  root: ConfigNode | null,
  { kind, port, contract }: DefaultTrigger,
  place: Place,
): ConfigNode {
  const scalar = (text: string, value: string | number = text): ConfigNode => {
    return { kind: "scalar", value, text, plain: true, hidden: false, place };
  };
  let attributes: ConfigNode | null = null;
  if (port !== undefined) attributes = withEntry(attributes, "port", scalar(port, Number(port)), place);
  if (contract !== undefined) attributes = withEntry(attributes, "contract", scalar(contract), place);
  const bare = withEntry(null, "kind", scalar(kind), place);
  const trigger = attributes === null ? bare : withEntry(bare, "attributes", attributes, place);
  const spec = child(root, "spec")?.value ?? null;
  return withEntry(root, "spec", withEntry(spec, "triggers", withEntry(null, kind, trigger, place), place), place);
}

function isRoom(node: ConfigNode | null): boolean {
  return node === null || node.kind === "map" || isEmpty(node);
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
