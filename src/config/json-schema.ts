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
  const document = convert(functionSchema);
  const common = convert(triggerSchema(kinds, v.unknown()));
  const byKind = triggerKinds.map((kind) => ({
    if: { properties: { kind: { const: kind.kind } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { attributes: convert(kind.attributes) } },
  }));
  const triggers = {
    description: descriptionAt(document, "triggers"),
    type: "object",
    additionalProperties: { ...common, allOf: byKind },
  };
  return withTitle("Configuration of a function", insertTriggers(document, triggers));
}

/** Of the platform's configuration. */
export function platformJsonSchema(): JsonSchema {
  return withTitle("Configuration of the platform", convert(platformSchema));
}

function withTitle(title: string, schema: JsonSchema): JsonSchema {
  return { $schema: "http://json-schema.org/draft-07/schema#", title, ...schema };
}

/** What may be written, not what it becomes: conversions are left out, descriptions behind them are kept. */
function convert(schema: Schema): JsonSchema {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    typeMode: "input",
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema, jsonSchema }) => describe(shapeOf(valibotSchema), { ...jsonSchema }),
  });
  return converted;
}

const interpolation: JsonSchema = { type: "string", pattern: "\\$\\{.+\\}" };

function describe(shape: SchemaShape, converted: JsonSchema): JsonSchema {
  const { content, description, withoutEffect, fallback, required } = shape;
  if (withoutEffect !== null) return { description: `No effect here: ${withoutEffect}.` };
  const about = description === "" ? {} : { description };
  if (!required) {
    const { default: _, ...rest } = converted;
    const telling = fallback !== undefined && fallback !== "" && typeof fallback !== "object";
    return { ...rest, ...about, ...(telling ? { default: fallback } : {}) };
  }
  if (content.kind === "object") return { ...converted, ...about, additionalProperties: false };
  if (content.kind !== "scalar") return { ...converted, ...about };
  const freeText =
    content.types.join() === "string" && converted["enum"] === undefined && converted["pattern"] === undefined;
  if (freeText) return { ...converted, ...about, type: ["string", "number", "boolean"] };
  return { anyOf: [converted, interpolation], ...about };
}

function insertTriggers(document: JsonSchema, triggers: JsonSchema): JsonSchema {
  const properties = record(document["properties"]);
  const spec = record(properties["spec"]);
  return {
    ...document,
    properties: { ...properties, spec: { ...spec, properties: { ...record(spec["properties"]), triggers } } },
  };
}

function descriptionAt(document: JsonSchema, name: string): unknown {
  const spec = record(record(document["properties"])["spec"]);
  return record(record(spec["properties"])[name])["description"];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
