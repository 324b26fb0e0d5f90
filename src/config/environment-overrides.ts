/**
 * `PROCESSOR_<PATH>` variables over a configuration: steps joined by "__", compared without case, "-" and single "_".
 * `PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PORT=5052` is `spec.triggers.gate.attributes.port: 5052`.
 */
import { looseKey } from "./config-node.ts";
import type { ConfigEntry, ConfigNode, ScalarNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { scalarFromEnvironment } from "./plain-scalar.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** One variable: the steps below the root of its document, and its value. */
export interface Override {
  readonly variable: string;
  readonly steps: readonly string[];
  readonly value: string;
}

export interface Overrides {
  /** Steps below the function configuration's `spec`. */
  readonly spec: readonly Override[];
  /** Steps below the root of the platform configuration. */
  readonly platform: readonly Override[];
}

const prefix = "PROCESSOR_";
const platformPrefix = "PROCESSOR_PLATFORM__";
/** Kubernetes sets these in every container of a namespace that has a Service named "processor". */
const serviceLink = /^PROCESSOR_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export function findOverrides(environment: Environment): Overrides {
  const spec: Override[] = [];
  const platform: Override[] = [];
  for (const variable of Object.keys(environment).sort()) {
    const value = environment[variable];
    if (value === undefined || !variable.startsWith(prefix) || serviceLink.test(variable)) continue;
    const isPlatform = variable.startsWith(platformPrefix);
    const path = variable.slice(isPlatform ? platformPrefix.length : prefix.length);
    (isPlatform ? platform : spec).push({ variable, value, steps: path.split("__") });
  }
  return { spec, platform };
}

/** The tree with the values of the variables in it; keys and maps that do not exist are made. */
export function applyOverrides(
  root: ConfigNode | null,
  overrides: readonly Override[],
  problems: ConfigProblem[],
): ConfigNode | null {
  let node = root;
  for (const { variable, steps, value } of overrides) {
    const place: Place = { kind: "environment", variable };
    if (steps.some((step) => looseKey(step) === "")) {
      const message = `${variable} has an empty step in its name: join steps by exactly two underscores`;
      problems.push(makeProblem("warning", "unknown-key", "", message, place));
      continue;
    }
    const changed = setAt(node, steps, scalarFromEnvironment(value, place), place);
    if (typeof changed === "string") problems.push(makeProblem("error", "bad-value", "", changed, place));
    else node = changed;
  }
  return node;
}

/** The node with `leaf` at the end of the steps, or what is wrong with the steps. */
function setAt(node: ConfigNode | null, steps: readonly string[], leaf: ScalarNode, place: Place): ConfigNode | string {
  const [step, ...rest] = steps;
  if (step === undefined) return leaf;
  if (node?.kind === "list" || (node?.kind !== "map" && /^\d+$/.test(step))) {
    const items = node?.kind === "list" ? node.items : [];
    const index = Number(step);
    if (!/^\d+$/.test(step) || index > items.length) {
      return `"${step}" is no place in a list of ${items.length}: use a number from 0 to ${items.length}`;
    }
    const item = setAt(items[index] ?? null, rest, leaf, place);
    if (typeof item === "string") return item;
    return { kind: "list", items: items.toSpliced(index, 1, item), place: node?.place ?? place };
  }
  const entries = node?.kind === "map" ? node.entries : [];
  const index = entries.findIndex((entry) => looseKey(entry.key) === looseKey(step));
  const existing = entries[index];
  const value = setAt(existing?.value ?? null, rest, leaf, place);
  if (typeof value === "string") return value;
  const entry: ConfigEntry =
    existing === undefined
      ? { key: step.toLowerCase().replaceAll("_", "-"), loose: true, place, value }
      : { ...existing, value };
  const changed = existing === undefined ? [...entries, entry] : entries.toSpliced(index, 1, entry);
  return { kind: "map", entries: changed, place: node?.kind === "map" ? node.place : place };
}
