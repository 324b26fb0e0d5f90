/** Checks a tree against a schema: typed values out, every problem with its place. */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { FilePresence } from "../triggers/option-types.ts";
import { isNull, matchesKey, toPlain } from "./config-node.ts";
import type { ConfigEntry, ConfigNode, ListNode, MapNode, ScalarNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { describeIssue, describeMissing } from "./describe-issue.ts";
import { shapeOf } from "./schema-shape.ts";
import type { Schema, SchemaShape } from "./schema-shape.ts";
import { joinPath, makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";
import { describeUnknownKey } from "./unknown-key.ts";
import type { Scope } from "./unknown-key.ts";

export interface CheckContext {
  /** Dotted path of the node. */
  readonly path: string;
  /** Of the key that introduces the node: where a missing key is reported. */
  readonly place: Place;
  /** Where relative file paths start. */
  readonly baseDirectory: string;
  /** The maps around the node, outermost first: where a key that is unknown here may belong. */
  readonly scopes: readonly Scope[];
}

/** What the walk saw at a path. */
interface Visited {
  readonly path: string;
  readonly place: Place;
  readonly node: ConfigNode | null;
  readonly shape: SchemaShape;
}

/** The value of the tree by the schema; undefined when it has errors, which are added to `problems`. */
export function checkNode<Output>(
  node: ConfigNode | null,
  schema: v.GenericSchema<unknown, Output>,
  context: CheckContext,
  problems: ConfigProblem[],
): Output | undefined {
  const walk = new SchemaWalk(context.baseDirectory, problems);
  const value = walk.read(node, schema, [], { path: context.path, place: context.place }, context.scopes);
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const reported = new Set<string>();
  for (const issue of result.issues) {
    const keys = (issue.path ?? []).map((item) => String(item.key));
    const id = walk.id(keys);
    if (reported.has(id)) continue;
    reported.add(id);
    problems.push(describeAt(walk, issue, keys, context.path));
  }
  return undefined;
}

function describeAt(
  walk: SchemaWalk,
  issue: v.BaseIssue<unknown>,
  keys: readonly string[],
  rootPath: string,
): ConfigProblem {
  const key = keys.at(-1) ?? rootPath.slice(rootPath.lastIndexOf(".") + 1);
  const seen = walk.visited.get(walk.id(keys));
  if (seen !== undefined && (seen.node !== null || keys.length === 0)) {
    const { code, message } = describeIssue(issue, key, seen);
    const place = seen.node?.kind === "scalar" ? seen.node.place : seen.place;
    return makeProblem("error", code, seen.path, message, place);
  }
  return describeAbsent(walk, keys);
}

/** A key that is required below a map which is there, or would be if it were not left to its default. */
function describeAbsent(walk: SchemaWalk, keys: readonly string[]): ConfigProblem {
  const depth = keys.findLastIndex((_, index) => walk.visited.has(walk.id(keys.slice(0, index))));
  const ancestor = walk.visited.get(walk.id(keys.slice(0, Math.max(0, depth))));
  if (ancestor === undefined) throw new Error(`the schema reports ${walk.id(keys)}, which the walk did not see`);
  let { path } = ancestor;
  let shape: SchemaShape | null = ancestor.shape;
  for (const key of keys.slice(depth)) {
    const schema: Schema | undefined = shape?.content.kind === "object" ? shape.content.entries[key] : undefined;
    shape = schema === undefined ? null : shapeOf(schema);
    path = joinPath(path, key);
  }
  const message = describeMissing(keys.at(-1) ?? "", shape);
  return makeProblem("error", "missing-key", path, message, ancestor.place);
}

class SchemaWalk {
  readonly visited = new Map<string, Visited>();
  readonly #baseDirectory: string;
  readonly #problems: ConfigProblem[];

  constructor(baseDirectory: string, problems: ConfigProblem[]) {
    this.#baseDirectory = baseDirectory;
    this.#problems = problems;
  }

  id(keys: readonly string[]): string {
    return JSON.stringify(keys);
  }

  /** The plain value with the keys as the schema writes them. */
  read(
    node: ConfigNode | null,
    schema: Schema,
    keys: readonly string[],
    where: { readonly path: string; readonly place: Place },
    scopes: readonly Scope[],
  ): unknown {
    const shape = shapeOf(schema);
    this.visited.set(this.id(keys), { ...where, node, shape });
    if (node === null) return shape.content.kind === "object" ? {} : undefined;
    const { content } = shape;
    if (content.kind === "object" && node.kind === "map") {
      return this.#readObject(node, content.entries, keys, where.path, scopes);
    }
    if (content.kind === "object" && isNull(node)) return {};
    if (content.kind === "record" && node.kind === "map") {
      return this.#readRecord(node, content.value, keys, where.path, scopes);
    }
    if (content.kind === "list" && node.kind === "list") {
      return this.#readList(node, content.item, keys, where.path, scopes);
    }
    if (content.kind === "scalar" && node.kind === "scalar") return this.#readScalar(node, shape, where.path);
    // Where a map is expected a list would do for the schema: to the language it is an object too.
    if ((content.kind === "object" || content.kind === "record") && node.kind === "list") return "a list";
    return toPlain(node);
  }

  #readObject(
    map: MapNode,
    entries: Readonly<Record<string, Schema>>,
    keys: readonly string[],
    path: string,
    scopes: readonly Scope[],
  ): unknown {
    const known = new Map<string, ConfigEntry>();
    const names = Object.keys(entries);
    const inner = [...scopes, { path, entries }];
    for (const entry of map.entries) {
      const name = names.find((candidate) => matchesKey(entry, candidate));
      const entryPath = joinPath(path, name ?? entry.key);
      if (name === undefined) {
        const message = describeUnknownKey(entry.key, inner);
        this.#problems.push(makeProblem("warning", "unknown-key", entryPath, message, entry.place));
        continue;
      }
      const first = known.get(name);
      if (first !== undefined) {
        const message = `"${entry.key}" and "${first.key}" are the same key, because case does not count: remove one`;
        this.#problems.push(makeProblem("error", "duplicate-key", entryPath, message, entry.place));
        continue;
      }
      known.set(name, entry);
    }
    const values: [string, unknown][] = [];
    for (const [name, entry] of known) {
      const schema = entries[name];
      // A key without value is an absent key, as it is to Go.
      if (schema === undefined || isNull(entry.value)) continue;
      const entryPath = joinPath(path, name);
      const reason = shapeOf(schema).withoutEffect;
      if (reason !== null) {
        const message = `"${entry.key}" has no effect here: ${reason}`;
        this.#problems.push(makeProblem("warning", "no-effect", entryPath, message, entry.place));
        continue;
      }
      const where = { path: entryPath, place: entry.place };
      values.push([name, this.read(entry.value, schema, [...keys, name], where, inner)]);
    }
    return Object.fromEntries(values);
  }

  #readRecord(map: MapNode, schema: Schema, keys: readonly string[], path: string, scopes: readonly Scope[]): unknown {
    return Object.fromEntries(
      map.entries.map((entry) => {
        const where = { path: joinPath(path, entry.key), place: entry.place };
        return [entry.key, this.read(entry.value, schema, [...keys, entry.key], where, scopes)];
      }),
    );
  }

  #readList(list: ListNode, schema: Schema, keys: readonly string[], path: string, scopes: readonly Scope[]): unknown {
    return list.items.map((item, index) => {
      const where = { path: joinPath(path, index), place: item.place };
      return this.read(item, schema, [...keys, String(index)], where, scopes);
    });
  }

  #readScalar(node: ScalarNode, shape: SchemaShape, path: string): unknown {
    const types = shape.content.kind === "scalar" ? shape.content.types : [];
    if (node.value === null) return null;
    if (shape.filePath !== null) return this.#readFilePath(node, shape.filePath, path);
    // `handler: 8080` is the text "8080", and `enabled: yes` is true, to the YAML the reference reads.
    if (types.length === 1 && types[0] === "string" && node.plain) return node.text;
    if (types.includes("boolean") && node.plain && typeof node.value === "string") {
      if (/^(y|yes|on)$/i.test(node.value)) return true;
      if (/^(n|no|off)$/i.test(node.value)) return false;
    }
    return node.value;
  }

  #readFilePath(node: ScalarNode, presence: FilePresence, path: string): unknown {
    if (node.text === "") return "";
    if (presence === "output" && (node.text === "-" || node.text === "stdout")) return "-";
    const file = resolve(this.#baseDirectory, node.text);
    const reason = presence === "readable" ? whyUnreadable(file) : null;
    if (reason !== null) {
      const shown = node.hidden ? "The file it names" : file;
      const message = `${shown} ${reason}: a relative path starts at ${this.#baseDirectory}`;
      this.#problems.push(makeProblem("error", "unreadable-file", path, message, node.place));
    }
    return file;
  }
}

function whyUnreadable(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return "is not a file";
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
    return code === "EACCES" ? "may not be read by this user" : `cannot be read (${String(code)})`;
  }
}
