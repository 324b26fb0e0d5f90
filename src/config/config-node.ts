/** A configuration as a tree that knows where each part was written: what a file and the environment are merged in. */
import type { Place } from "./source-text.ts";

export type ConfigNode = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: "map";
  readonly entries: readonly ConfigEntry[];
  readonly place: Place;
}

export interface ConfigEntry {
  readonly key: string;
  /** A key from an environment variable: compared without case, "-" and "_". */
  readonly loose: boolean;
  readonly place: Place;
  readonly value: ConfigNode;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
  readonly place: Place;
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written, without quotes: what an option of type text gets even when it looks like a number. */
  readonly text: string;
  /** Written without quotes: its type follows from its look. */
  readonly plain: boolean;
  /** Holds something from the environment, which messages must not show. */
  readonly hidden: boolean;
  readonly place: Place;
}

export function isNull(node: ConfigNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** The value below `key`, compared as Go compares struct fields: without case. */
export function child(node: ConfigNode | null, key: string): ConfigEntry | null {
  if (node?.kind !== "map") return null;
  return node.entries.find((entry) => matchesKey(entry, key)) ?? null;
}

export function matchesKey(entry: ConfigEntry, key: string): boolean {
  if (entry.loose) return looseKey(entry.key) === looseKey(key);
  return entry.key.toLowerCase() === key.toLowerCase();
}

/** The form in which a step of an environment variable and a key are compared. */
export function looseKey(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, "");
}

/** The plain value, keys as written; for parts of the configuration no schema describes. */
export function toPlain(node: ConfigNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toPlain);
    case "map":
      return Object.fromEntries(node.entries.map((entry) => [entry.key, toPlain(entry.value)]));
  }
}

/** Where the value at `keys` was written; when it is absent, the key of the innermost map around it that is there. */
export function placeAt(root: ConfigNode | null, keys: readonly string[], fallback: Place): Place {
  let node = root;
  let place = fallback;
  for (const key of keys) {
    const entry: ConfigEntry | null = child(node, key);
    const item: ConfigNode | null = node?.kind === "list" ? (node.items[Number(key)] ?? null) : null;
    if (entry === null && item === null) return place;
    node = entry?.value ?? item;
    place = entry?.place ?? item?.place ?? place;
  }
  return node?.kind === "scalar" ? node.place : place;
}
