/**
 * What Envoy makes of a HeaderMutation: `mutation_rules` of the filter, then the rules that always hold.
 * Source: envoy.config.common.mutation_rules.v3.HeaderMutationRules, `ext_proc/mutation_utils.cc`.
 */
import type { HeaderField, HeaderFields, HeaderMutation, MutationRules } from "./model.ts";

export interface MutationOptions {
  readonly rules: MutationRules;
  /** CONTINUE_AND_REPLACE may set the method. */
  readonly replaces: boolean;
  /** Envoy keeps `content-length` out of this message itself. */
  readonly dropsContentLength: boolean;
}

export interface MutationOutcome {
  readonly fields: HeaderFields;
  /** Operations refused one by one; the others were applied. */
  readonly rejected: readonly string[];
  /** Why the whole mutation was refused: `fields` are as before. */
  readonly error: string | null;
}

const MAX_OPERATIONS = 100;
const MAX_BYTES = 60 * 1024;
const ROUTING_HEADERS = new Set(["host", ":authority", ":method", ":scheme"]);
const TOKEN = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Removals come first, then the lines to set in their order. */
export function applyHeaderMutation(
  fields: HeaderFields,
  mutation: HeaderMutation,
  options: MutationOptions,
): MutationOutcome {
  const fail = (error: string): MutationOutcome => ({ fields, rejected: [], error });
  if (mutation.set.length > MAX_OPERATIONS || mutation.remove.length > MAX_OPERATIONS) {
    return fail("header_mutation_operation_count_exceeds_limit");
  }
  const rejected: string[] = [];
  let result: HeaderField[] = [...fields];
  for (const name of mutation.remove) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) return fail("header_mutation_remove_contains_invalid_character");
    if (lower === "host" || lower.startsWith(":") || refusal(lower, options) !== null) rejected.push(`remove ${name}`);
    else result = result.filter(([present]) => present !== lower);
  }
  for (const { name, value, append } of mutation.set) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name) || FORBIDDEN_IN_VALUE.test(value)) {
      return fail("header_mutation_set_contains_invalid_character");
    }
    if (lower === "content-length" && options.dropsContentLength) continue;
    const present = result.some(([other]) => other === lower);
    if (
      refusal(lower, options) !== null ||
      (append && present && lower.startsWith(":")) ||
      !validSystem(lower, value)
    ) {
      rejected.push(`set ${name}`);
    } else result = withField(result, [lower, value], append);
  }
  if (rejected.length > 0 && options.rules.disallowIsError) return fail("header_mutation_set_headers_failed");
  const bytes = result.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (result.length > MAX_OPERATIONS || bytes > MAX_BYTES) return fail("header_mutation_result_exceeds_limit");
  return { fields: result, rejected, error: null };
}

function withField(fields: readonly HeaderField[], field: HeaderField, append: boolean): HeaderField[] {
  if (append) return [...fields, field];
  const at = fields.findIndex(([name]) => name === field[0]);
  const others = fields.filter(([name]) => name !== field[0]);
  // Pseudo headers stay in front.
  return at === -1 || !field[0].startsWith(":") ? [...others, field] : others.toSpliced(at, 0, field);
}

/** Why the rules refuse to touch a header; null when they do not. */
function refusal(name: string, { rules, replaces }: MutationOptions): string | null {
  if (rules.disallowAll) return "disallow_all";
  if (ROUTING_HEADERS.has(name) && !rules.allowAllRouting && !(replaces && name === ":method")) return "routing";
  if (name.startsWith(":") && rules.disallowSystem) return "disallow_system";
  if (name.startsWith("x-envoy-") && !rules.allowEnvoy) return "x-envoy";
  return null;
}

function validSystem(name: string, value: string): boolean {
  return name !== ":status" || (/^\d{3}$/.test(value) && Number(value) >= 200);
}
