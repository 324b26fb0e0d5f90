/** What to say of a key nobody knows: a near miss, or a key that stands in the wrong map. */
import { nearest } from "./did-you-mean.ts";
import { shapeOf } from "./schema-shape.ts";
import type { Schema } from "./schema-shape.ts";
import { joinPath } from "./source-text.ts";

/** A map of the configuration with the keys it may have. */
export interface Scope {
  /** Dotted path of the map. */
  readonly path: string;
  readonly entries: Readonly<Record<string, Schema>>;
}

/** A sentence for the key, which is unknown in the last of the scopes. */
export function describeUnknownKey(key: string, scopes: readonly Scope[]): string {
  const here = scopes.at(-1);
  const place = here === undefined || here.path === "" ? "at the top level" : `under ${here.path}`;
  const unknown = `"${key}" is not a known key ${place} and is ignored`;
  const home = findHome(key, scopes);
  if (home !== null) return `${unknown}: it belongs ${home === "" ? "to the top level" : `under ${home}`}`;
  const near = nearest(key, optionNames(here?.entries ?? {}));
  return near === null ? unknown : `${unknown} - did you mean "${near}"?`;
}

/** The path of the map that knows exactly this key: one below the map it stands in, or one around it. */
function findHome(key: string, scopes: readonly Scope[]): string | null {
  const here = scopes.at(-1);
  if (here === undefined) return null;
  for (const [name, schema] of Object.entries(here.entries)) {
    const { content } = shapeOf(schema);
    if (content.kind === "object" && knows(content.entries, key)) return joinPath(here.path, name);
  }
  const around = scopes.slice(0, -1).findLast((scope) => knows(scope.entries, key));
  return around?.path ?? null;
}

function knows(entries: Readonly<Record<string, Schema>>, key: string): boolean {
  return optionNames(entries).some((name) => name.toLowerCase() === key.toLowerCase());
}

function optionNames(entries: Readonly<Record<string, Schema>>): string[] {
  return Object.keys(entries).filter((name) => {
    const schema = entries[name];
    return schema !== undefined && shapeOf(schema).withoutEffect === null;
  });
}
