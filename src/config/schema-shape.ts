/** What a schema says of an option: read by the check, the JSON Schema and the reference page, so it is declared once. */
import * as v from "valibot";
import { filePathKey, type FilePresence, filePresences, withoutEffectKey } from "../triggers/option-types.ts";

export type Schema = v.GenericSchema;
export type ScalarType = "string" | "number" | "boolean";

export interface SchemaShape {
  readonly content: SchemaContent;
  readonly required: boolean;
  /** undefined: none. */
  readonly fallback: unknown;
  readonly description: string;
  /** What the value is, when its type says too little: "duration"; else "". */
  readonly notation: string;
  /** The values a text may have; empty when it is free. */
  readonly choices: readonly string[];
  /** Why a key of the reference does nothing here; null for options. */
  readonly withoutEffect: string | null;
  readonly filePath: FilePresence | null;
}

export type SchemaContent =
  | { readonly kind: "object"; readonly entries: Readonly<Record<string, Schema>> }
  | { readonly kind: "record"; readonly value: Schema }
  | { readonly kind: "list"; readonly item: Schema }
  | { readonly kind: "scalar"; readonly types: readonly ScalarType[] }
  | { readonly kind: "any" };

export function shapeOf(schema: Schema): SchemaShape {
  const inner = isOptional(schema) ? schema.wrapped : schema;
  const metadata = v.getMetadata(inner);
  const filePath = metadata[filePathKey];
  const reason = metadata[withoutEffectKey];
  return {
    content: contentOf(inner),
    required: inner === schema,
    fallback: isOptional(schema) ? v.getDefault(schema) : undefined,
    description: v.getDescription(inner) ?? "",
    notation: typeof metadata["title"] === "string" ? metadata["title"] : "",
    choices: choicesOf(inner),
    withoutEffect: typeof reason === "string" ? reason : null,
    filePath: filePresences.find((presence) => presence === filePath) ?? null,
  };
}

function contentOf(schema: Schema): SchemaContent {
  if (isObject(schema)) return { kind: "object", entries: schema.entries };
  if (isRecord(schema)) return { kind: "record", value: schema.value };
  if (isArray(schema)) return { kind: "list", item: schema.item };
  const types = scalarTypes(schema);
  return types.length === 0 ? { kind: "any" } : { kind: "scalar", types };
}

function scalarTypes(schema: Schema): readonly ScalarType[] {
  if (isUnion(schema)) return [...new Set(schema.options.flatMap(scalarTypes))];
  switch (schema.type) {
    case "string":
    case "number":
    case "boolean":
      return [schema.type];
    case "picklist":
    case "literal":
      return ["string"];
    default:
      return [];
  }
}

function choicesOf(schema: Schema): readonly string[] {
  if (isUnion(schema)) return schema.options.flatMap(choicesOf);
  if (isLiteral(schema)) return [schema.literal];
  return isPicklist(schema) ? schema.options : [];
}

function isOptional(schema: Schema): schema is v.OptionalSchema<Schema, unknown> {
  return schema.type === "optional";
}
function isObject(schema: Schema): schema is v.ObjectSchema<Readonly<Record<string, Schema>>, undefined> {
  return schema.type === "object";
}
function isRecord(schema: Schema): schema is v.RecordSchema<v.StringSchema<undefined>, Schema, undefined> {
  return schema.type === "record";
}
function isArray(schema: Schema): schema is v.ArraySchema<Schema, undefined> {
  return schema.type === "array";
}
function isUnion(schema: Schema): schema is v.UnionSchema<Schema[], undefined> {
  return schema.type === "union";
}
function isPicklist(schema: Schema): schema is v.PicklistSchema<readonly string[], undefined> {
  return schema.type === "picklist";
}
function isLiteral(schema: Schema): schema is v.LiteralSchema<string, undefined> {
  return schema.type === "literal";
}
