/** The type of an unquoted scalar (YAML 1.2 core schema): for values that come from the environment. */
import type { ScalarNode } from "./config-node.ts";
import type { Place } from "./source-text.ts";

/** The value a text has where it stands in a file without quotes. */
export function typePlainScalar(text: string): string | number | boolean | null {
  if (/^(|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?[0-9]+$/.test(text)) return Number(text);
  if (/^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(text)) return Number(text);
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(text)) return Number(text);
  const infinity = /^([-+]?)\.(inf|Inf|INF)$/.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  if (/^\.(nan|NaN|NAN)$/.test(text)) return NaN;
  return text;
}

/** A scalar whose text came from the environment. */
export function scalarFromEnvironment(text: string, place: Place): ScalarNode {
  return { kind: "scalar", value: typePlainScalar(text.trim()), text, plain: true, hidden: true, place };
}
