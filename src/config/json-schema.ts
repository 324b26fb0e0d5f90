/** The JSON Schema of the configuration, for editors (yaml-language-server) and for checks outside the processor. */
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { triggerKinds } from "../triggers/kinds.ts";
import { platformSchema } from "./platform-schema.ts";
import { shapeOf } from "./schema-shape.ts";
import type { Schema, SchemaShape } from "./schema-shape.ts";
import { functionSchema, triggerSchema } from "./schema.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Of the function's configuration: attributes by the kind of the trigger. */
export function functionJsonSchema(): JsonSchema {
  const kinds = triggerKinds.map((kind) => kind.kind);
  const byKind = triggerKinds.map((kind) => ({
    if: { properties: { kind: { const: kind.kind } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { attributes: convert(kind.attributes) } },
  }));
  const trigger = { ...convert(triggerSchema(kinds, v.unknown())), allOf: byKind };
  const spec = entriesOf(functionSchema)["spec"];
  const triggers = {
    description: shapeOf(entriesOf(spec)["triggers"] ?? v.unknown()).description,
    type: "object",
    additionalProperties: trigger,
  };
  return withTitle("Configuration of a function", convert(functionSchema, new Map([["triggers", triggers]])));
}

/** Of the platform's configuration. */
export function platformJsonSchema(): JsonSchema {
  return withTitle("Configuration of the platform", convert(platformSchema));
}

function withTitle(title: string, schema: JsonSchema): JsonSchema {
  return { $schema: "http://json-schema.org/draft-07/schema#", title, ...schema };
}

function entriesOf(schema: Schema | undefined): Readonly<Record<string, Schema>> {
  const content = schema === undefined ? null : shapeOf(schema).content;
  return content?.kind === "object" ? content.entries : {};
}

/** What may be written, not what it becomes. `replacements`: for keys whose schema says less than is known of them. */
function convert(schema: Schema, replacements: ReadonlyMap<string, JsonSchema> = new Map()): JsonSchema {
  const shape = shapeOf(schema);
  const { content } = shape;
  const about = describe(shape);
  switch (content.kind) {
    case "object": {
      const entries = Object.entries(content.entries);
      const properties = entries.map(([key, entry]) => [key, replacements.get(key) ?? convert(entry, replacements)]);
      const required = entries.flatMap(([key, entry]) => (shapeOf(entry).required ? [key] : []));
      const names = { properties: Object.fromEntries(properties), additionalProperties: false };
      return { type: "object", ...about, ...names, ...(required.length > 0 && { required }) };
    }
    case "record":
      return { type: "object", ...about, additionalProperties: convert(content.value, replacements) };
    case "list":
      return { type: "array", ...about, items: convert(content.item, replacements) };
    case "scalar":
      return { ...scalar(schema), ...about };
    case "any":
      return about;
  }
}

function describe({ description, fallback, withoutEffect }: SchemaShape): JsonSchema {
  if (withoutEffect !== null) return { description: `No effect here: ${withoutEffect}.` };
  const telling = fallback !== undefined && fallback !== "" && typeof fallback !== "object";
  return { ...(description !== "" && { description }), ...(telling && { default: fallback }) };
}

/** Any value may be an interpolation, and any plain scalar is taken for a text. */
function scalar(schema: Schema): JsonSchema {
  const converted = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  const { $schema: _, description: __, default: ___, ...own } = converted;
  const freeText = own.type === "string" && own.enum === undefined && own.pattern === undefined;
  if (freeText) return { ...own, type: ["string", "number", "boolean"] };
  return { anyOf: [own, { type: "string", pattern: "\\$\\{.+\\}" }] };
}
