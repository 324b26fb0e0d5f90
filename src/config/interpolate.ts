/** `${NAME}` and `${NAME:-default}` in the values of a configuration file; `$${` stands for a literal `${`. */
import type { ConfigNode, ScalarNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { typePlainScalar } from "./plain-scalar.ts";
import { joinPath, makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

export interface Interpolated {
  readonly node: ConfigNode;
  readonly problems: readonly ConfigProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?/g;

/** Their texts belong to the function or to the platform, which have their own use for `${`. */
function isExempt(path: readonly string[]): boolean {
  const [first, second, last] = [path[0]?.toLowerCase(), path[1]?.toLowerCase(), path.at(-1)?.toLowerCase()];
  return (first === "spec" && (second === "build" || second === "env")) || (path.length > 3 && last === "event");
}

/** Replaces the references of the whole tree. What a variable holds is never looked into again. */
export function interpolate(root: ConfigNode, environment: Environment): Interpolated {
  const problems: ConfigProblem[] = [];
  return { node: visit(root, []), problems };

  function visit(node: ConfigNode, path: readonly string[]): ConfigNode {
    if (isExempt(path)) return node;
    switch (node.kind) {
      case "map":
        return {
          ...node,
          entries: node.entries.map((entry) => ({ ...entry, value: visit(entry.value, [...path, entry.key]) })),
        };
      case "list":
        return { ...node, items: node.items.map((item, index) => visit(item, [...path, String(index)])) };
      case "scalar":
        return node.hidden || !node.text.includes("${") ? node : replace(node, path.reduce(joinPath, ""));
    }
  }

  function replace(node: ScalarNode, path: string): ScalarNode {
    const text = node.text.replace(reference, (whole, name: string | undefined, fallback: string | undefined) => {
      if (whole === "$${") return "${";
      if (name === undefined) {
        const message =
          'A "${" is not closed or not followed by a name: write ${NAME} or ${NAME:-default}, or "$${" for the characters themselves';
        problems.push(makeProblem("error", "bad-interpolation", path, message, placeOf(whole, node.place)));
        return "";
      }
      const value = environment[name];
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
      if (value !== undefined) return value;
      const message = `The environment variable ${name} is not set: set it, or write \${${name}:-default}`;
      problems.push(makeProblem("error", "unset-variable", path, message, placeOf(whole, node.place)));
      return "";
    });
    return { ...node, text, value: node.plain ? typePlainScalar(text) : text, hidden: true };
  }
}

/** The reference itself, not the whole value it stands in. */
function placeOf(reference: string, place: Place): Place {
  if (place.kind !== "file") return place;
  const start = place.text.content.indexOf(reference, place.start);
  return start === -1 || start >= place.end ? place : { ...place, start, end: start + reference.length };
}
