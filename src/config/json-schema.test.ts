import { expect, test } from "bun:test";
import { functionJsonSchema, platformJsonSchema } from "./json-schema.ts";

function at(schema: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce(
    (node, key) => (typeof node === "object" && node !== null ? Object(node)[key] : undefined),
    schema,
  );
}

test("an option has its type, default and meaning, and takes an interpolation", () => {
  const trigger = at(functionJsonSchema(), "properties", "spec", "properties", "triggers", "additionalProperties");
  expect(at(trigger, "properties", "numWorkers")).toEqual({
    anyOf: [
      { type: "integer", minimum: 0, maximum: 256 },
      { type: "string", pattern: "\\$\\{.+\\}" },
    ],
    description: "Worker threads, each with its own copy of the function. 0 is 1.",
    default: 0,
  });
});

test("attributes follow from the kind of the trigger", () => {
  const trigger = at(functionJsonSchema(), "properties", "spec", "properties", "triggers", "additionalProperties");
  expect(at(trigger, "required")).toEqual(["kind"]);
  const [byKind] = at(trigger, "allOf") as unknown[];
  expect(at(byKind, "if")).toEqual({ properties: { kind: { const: "extproc" } } });
  const attributes = at(byKind, "then", "properties", "attributes");
  expect(at(attributes, "additionalProperties")).toBe(false);
  expect(at(attributes, "properties", "timeout", "anyOf", "0", "examples")).toEqual(["500ms", "4s", "1m30s"]);
  expect(at(attributes, "properties", "type", "anyOf", "0", "enum")).toEqual([
    "preprocessor",
    "postprocessor",
    "wrapprocessor",
    "observeprocessor",
  ]);
});

test("keys without effect say so", () => {
  expect(at(functionJsonSchema(), "properties", "spec", "properties", "resources")).toEqual({
    description: "No effect here: it is for Kubernetes.",
  });
});

test("the platform has a schema of its own", () => {
  expect(at(platformJsonSchema(), "properties", "healthCheck", "properties", "enabled")).toEqual({
    anyOf: [{ type: "boolean" }, { type: "string", pattern: "\\$\\{.+\\}" }],
    description: "Whether to serve `/live` and `/ready`.",
    default: true,
  });
});
