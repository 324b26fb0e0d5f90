/** An issue of the schema in words: what is wrong with which key, and how to mend it. */
import type * as v from "valibot";
import type { ConfigNode } from "./config-node.ts";
import { nearest } from "./did-you-mean.ts";
import type { ScalarType, SchemaShape } from "./schema-shape.ts";

interface Subject {
  readonly node: ConfigNode | null;
  readonly shape: SchemaShape;
}

/** A key that must be there and is not. */
export function describeMissing(key: string, shape: SchemaShape | null): string {
  const meaning = shape === null || shape.description === "" ? "" : `: ${shape.description.replace(/\.$/, "")}`;
  return `"${key}" is missing${meaning}`;
}

export function describeIssue(
  issue: v.BaseIssue<unknown>,
  key: string,
  { node, shape }: Subject,
): { readonly code: string; readonly message: string } {
  const name = key === "" ? "The configuration" : `"${key}"`;
  const shown = node === null ? "" : notShown(showValue(node));
  // Messages of our own complete the sentence; valibot's speak of the language's types.
  const own = issue.kind !== "schema" || !issue.message.startsWith("Invalid ");
  if (own) {
    const contrast = issue.message.startsWith("must be ") ? shown : "";
    return { code: "bad-value", message: `${name} ${issue.message}${contrast}${hint(node, shape)}` };
  }
  if (shape.choices.length > 0) {
    return { code: "bad-value", message: `${name} must be ${oneOf(shape.choices)}${shown}${hint(node, shape)}` };
  }
  return { code: "wrong-type", message: `${name} must be ${typeName(shape)}${shown}${hint(node, shape)}` };
}

function notShown(shown: string | null): string {
  return shown === null ? "" : `, not ${shown}`;
}

/** null: the value came from the environment and stays there. */
function showValue(node: ConfigNode): string | null {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return "a list";
  if (node.hidden) return null;
  if (node.value === null) return "empty";
  const text = node.text.length > 60 ? `${node.text.slice(0, 60)}…` : node.text;
  return typeof node.value === "string" ? JSON.stringify(text) : text;
}

function hint(node: ConfigNode | null, shape: SchemaShape): string {
  if (node?.kind !== "scalar" || node.hidden || typeof node.value !== "string") return "";
  const { content } = shape;
  const near = nearest(node.value, shape.choices);
  if (near !== null && near !== node.value) return ` - did you mean "${near}"?`;
  if (content.kind !== "scalar") return "";
  if (content.types.includes("number")) {
    const bytes = countBytes(node.value);
    if (bytes !== null) return `: write ${bytes}`;
  }
  if (node.plain) return "";
  const looksRight =
    (content.types.includes("number") && /^-?\d+(\.\d+)?$/.test(node.value)) ||
    (content.types.includes("boolean") && /^(true|false)$/i.test(node.value));
  return looksRight ? ": remove the quotes" : "";
}

/** A size as people write it, "4MB" or "16KiB", in bytes; null when it is none. */
function countBytes(text: string): number | null {
  const match = /^(\d{1,6})\s?([kmg])i?b?$/i.exec(text);
  const power = "kmg".indexOf(match?.[2]?.toLowerCase() ?? "-") + 1;
  return match === null || power === 0 ? null : Number(match[1]) * 1024 ** power;
}

function typeName(shape: SchemaShape): string {
  switch (shape.content.kind) {
    case "object":
    case "record":
      return "a map (keys below it, indented)";
    case "list":
      return 'a list (items below it, each begun with "- ")';
    case "scalar":
      return shape.content.types.map((type) => scalarNames[type]).join(" or ");
    case "any":
      return "a value";
  }
}

const scalarNames: Readonly<Record<ScalarType, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
};

function oneOf(choices: readonly string[]): string {
  const last = choices.at(-1) ?? "";
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(", ")} or ${last}`;
}
