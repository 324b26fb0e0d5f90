/** HeaderMutation as Envoy applies it (`mutation_rules` at their defaults unless configured): removals, then settings. */
import type { EnvoyConfig, HeaderMutation, Issue, Lines } from "./contract.ts";

/** Where a mutation applies. */
export interface MutationScope {
  readonly config: Pick<EnvoyConfig, "allowRouting" | "allowEnvoyHeaders">;
  /** CONTINUE_AND_REPLACE may change `:method`. */
  readonly mayChangeMethod: boolean;
  /** Envoy frames the message itself: `content-length` is passed over. */
  readonly ownsLength: boolean;
}

export interface MutatedLines {
  readonly lines: Lines;
  readonly issues: readonly Issue[];
}

const MAX_LINES = 100;
const MAX_BYTES = 60 * 1024;
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const ROUTING = [":authority", ":scheme", ":method", "host"];

/** A `processing-error` among the issues means that nothing was applied. */
export function mutateLines(lines: Lines, mutation: HeaderMutation, scope: MutationScope): MutatedLines {
  const broken = findBroken(mutation);
  if (broken !== null) return { lines, issues: [{ kind: "processing-error", text: broken }] };
  const issues: Issue[] = [];
  let result = [...lines];
  for (const name of mutation.removed) {
    if (name === "host" || name.startsWith(":")) {
      issues.push({ kind: "rejected", text: `${name} can never be removed` });
    } else result = result.filter(([other]) => other !== name);
  }
  for (const { name, value, append, inValueField } of mutation.set) {
    if (scope.ownsLength && name === "content-length") {
      issues.push({ kind: "ignored", text: "content-length: Envoy frames this body itself" });
      continue;
    }
    const refusal = refusalOf(name, value, scope);
    if (refusal !== null) {
      issues.push({ kind: "rejected", text: refusal });
      continue;
    }
    if (inValueField) issues.push({ kind: "ignored", text: `${name}: Envoy reads raw_value, which is empty` });
    const at = result.findIndex(([other]) => other === name);
    if (append && at >= 0 && name.startsWith(":")) {
      issues.push({ kind: "rejected", text: `${name} can only be overwritten` });
    } else if (append || at < 0) result.push([name, value]);
    else result = [...result.slice(0, at), [name, value], ...result.slice(at + 1).filter(([other]) => other !== name)];
  }
  const bytes = result.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (result.length > MAX_LINES || bytes > MAX_BYTES) {
    const text = `the headers would be ${result.length} lines of ${bytes} bytes: Envoy allows ${MAX_LINES} and ${MAX_BYTES}`;
    return { lines, issues: [...issues, { kind: "processing-error", text }] };
  }
  return { lines: result, issues };
}

function findBroken({ removed, set }: HeaderMutation): string | null {
  if (set.length > MAX_LINES || removed.length > MAX_LINES)
    return `more than ${MAX_LINES} header changes in one answer`;
  const badName = removed.find((name) => !NAME.test(name)) ?? set.find(({ name }) => !NAME.test(name))?.name;
  if (badName !== undefined) return `${JSON.stringify(badName)} is not a header name`;
  const badValue = set.find(({ value }) => !VALUE.test(value));
  return badValue === undefined ? null : `the value of ${badValue.name} has characters Envoy refuses`;
}

function refusalOf(name: string, value: string, { config, mayChangeMethod }: MutationScope): string | null {
  if (name === ":method" && mayChangeMethod) return null;
  if (ROUTING.includes(name) && !config.allowRouting) {
    return `${name} cannot be set unless mutation_rules allow_all_routing is true`;
  }
  if (name.startsWith("x-envoy-") && !config.allowEnvoyHeaders) {
    return `${name} cannot be set unless mutation_rules allow_envoy is true`;
  }
  if (name === ":status" && !(Number(value) >= 200)) return `:status cannot be ${JSON.stringify(value)}`;
  return null;
}
