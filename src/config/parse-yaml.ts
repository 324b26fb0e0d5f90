/** A YAML text to a tree that knows its places. Every problem of the syntax comes with line and column. */
import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments } from "yaml";
import type { Alias, Document, ParsedNode, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { ConfigEntry, ConfigNode, MapNode, ScalarNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { joinPath, makeProblem } from "./source-text.ts";
import type { Place, SourceText } from "./source-text.ts";
import { describeSyntaxError } from "./yaml-syntax-error.ts";

export interface ParsedYaml {
  /** null: the text is empty or not YAML. */
  readonly root: ConfigNode | null;
  readonly problems: readonly ConfigProblem[];
}

/** Syntax errors after these are mostly consequences of the first. */
const maxSyntaxErrors = 5;
/** An alias repeats its anchor's whole subtree: without a bound a short text becomes billions of nodes. */
const maxNodes = 100_000;
const maxDepth = 64;

export function parseYaml(text: SourceText): ParsedYaml {
  let documents: Document.Parsed[];
  try {
    const parsed = parseAllDocuments(text.content, { prettyErrors: false, uniqueKeys: false, version: "1.2" });
    documents = Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // The parser recurses: brackets nested by the thousand overflow its stack.
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The file cannot be read as YAML: ${reason}`;
    return { root: null, problems: [makeProblem("error", "yaml-syntax", "", message, at(text, 0, 1))] };
  }
  const syntax = documents.flatMap((document) => document.errors).slice(0, maxSyntaxErrors);
  if (syntax.length > 0) {
    return { root: null, problems: syntax.map((error) => describeSyntaxError(error, documents, text)) };
  }
  const [first, second] = documents;
  if (first === undefined) return { root: null, problems: [] };
  const reader = new TreeReader(text, first);
  if (second !== undefined) {
    const message = 'The file holds several documents: keep one and remove the others after "---"';
    reader.problems.push(
      makeProblem("error", "several-documents", "", message, at(text, second.range[0], second.range[0])),
    );
  }
  const root = first.contents === null ? null : reader.read(first.contents, "", 0);
  return { root: reader.abandoned ? null : root, problems: reader.problems };
}

class TreeReader {
  readonly problems: ConfigProblem[] = [];
  readonly #text: SourceText;
  readonly #document: Document.Parsed;
  /** The rest was not read, so the tree says nothing of what is missing in it. */
  abandoned = false;
  #nodes = 0;
  /** The outermost alias whose subtree is being read. */
  #expanding: Alias | null = null;
  readonly #targets = new Map<Alias, unknown>();

  constructor(text: SourceText, document: Document.Parsed) {
    this.#text = text;
    this.#document = document;
  }

  read(node: unknown, path: string, depth: number): ConfigNode {
    if (this.abandoned) return this.#empty(node);
    this.#nodes++;
    if (depth > maxDepth || this.#nodes > maxNodes) return this.#abandon(node, path);
    if (isAlias(node)) {
      const target = this.#resolve(node);
      if (target !== undefined) {
        const outermost = this.#expanding === null;
        if (outermost) this.#expanding = node;
        const value = this.read(target, path, depth + 1);
        if (outermost) this.#expanding = null;
        return value;
      }
      this.#report("bad-alias", path, `The alias "*${node.source}" has no anchor before it`, this.#place(node));
      return this.#empty(node);
    }
    if (isMap(node)) return this.#readMap(node, path, depth);
    if (isSeq(node)) return this.#readList(node, path, depth);
    if (isScalar(node)) return this.#readScalar(node);
    return this.#empty(node);
  }

  /** The library searches the document from its start for every alias. */
  #resolve(alias: Alias): unknown {
    if (!this.#targets.has(alias)) this.#targets.set(alias, alias.resolve(this.#document));
    return this.#targets.get(alias);
  }

  #abandon(node: unknown, path: string): ScalarNode {
    this.abandoned = true;
    const message = `The configuration has more than ${maxNodes} values or ${maxDepth} levels: does an alias repeat itself?`;
    // An alias of itself makes a path as deep as the limit.
    this.#report("too-large", path.split(".").slice(0, 4).join("."), message, this.#place(this.#expanding ?? node));
    return this.#empty(node);
  }

  #readMap(map: YAMLMap, path: string, depth: number): MapNode {
    const entries: ConfigEntry[] = [];
    const merged: ConfigEntry[] = [];
    const firstLines = new Map<string, Place>();
    for (const pair of map.items) {
      if (!isScalar(pair.key)) {
        this.#report("bad-key", path, "A key must be plain text", this.#place(pair.key));
        continue;
      }
      const key = scalarText(pair.key);
      const place = this.#place(pair.key);
      const childPath = joinPath(path, key);
      if (key === "<<" && pair.key.type === "PLAIN") {
        merged.push(...this.#mergedEntries(pair.value, childPath, depth));
        continue;
      }
      const first = firstLines.get(key);
      if (first !== undefined) {
        const message = `"${key}" is given twice, first in line ${lineOf(first)}: remove one`;
        this.#report("duplicate-key", childPath, message, place);
        continue;
      }
      firstLines.set(key, place);
      const value = pair.value === null ? this.#empty(pair.key) : this.read(pair.value, childPath, depth + 1);
      entries.push({ key, loose: false, place, value });
    }
    for (const entry of merged) {
      if (!firstLines.has(entry.key)) entries.push(entry);
      firstLines.set(entry.key, entry.place);
    }
    return { kind: "map", entries, place: this.#place(map) };
  }

  /** YAML's merge key: the entries of a map, or of each map of a list, where the key is not given itself. */
  #mergedEntries(value: unknown, path: string, depth: number): readonly ConfigEntry[] {
    const node = this.read(value, path, depth + 1);
    const maps = node.kind === "list" ? node.items : [node];
    return maps.flatMap((map) => {
      if (map.kind === "map") return map.entries;
      this.#report("bad-value", path, '"<<" takes an alias of a map, or a list of them', map.place);
      return [];
    });
  }

  #readList(list: YAMLSeq, path: string, depth: number): ConfigNode {
    const items = list.items.map((item, index) => {
      // In a flow list `[a: b]` the item is the pair itself.
      if (!isPair(item)) return this.read(item, joinPath(path, index), depth + 1);
      this.#report(
        "bad-value",
        joinPath(path, index),
        "A list item must not be a pair: write { key: value }",
        this.#place(list),
      );
      return this.#empty(list);
    });
    return { kind: "list", items, place: this.#place(list) };
  }

  #readScalar(scalar: Scalar): ScalarNode {
    const value = scalar.value;
    const text = scalarText(scalar);
    const simple =
      typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null;
    const plain = scalar.type === "PLAIN";
    return { kind: "scalar", value: simple ? value : text, text, plain, hidden: false, place: this.#place(scalar) };
  }

  #empty(node: unknown): ScalarNode {
    return { kind: "scalar", value: null, text: "", plain: true, hidden: false, place: this.#place(node) };
  }

  #place(node: unknown): Place {
    const range = (node as Partial<ParsedNode> | null)?.range;
    return range === undefined || range === null ? at(this.#text, 0, 1) : at(this.#text, range[0], range[1]);
  }

  #report(code: string, path: string, message: string, place: Place): void {
    this.problems.push(makeProblem("error", code, path, message, place));
  }
}

function scalarText(scalar: Scalar): string {
  return typeof scalar.value === "string" ? scalar.value : (scalar.source ?? String(scalar.value));
}

function at(text: SourceText, start: number, end: number): Place {
  return { kind: "file", text, start, end };
}

function lineOf(place: Place): number {
  return place.kind === "file" ? place.text.content.slice(0, place.start).split("\n").length : 0;
}
