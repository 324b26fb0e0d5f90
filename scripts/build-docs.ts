/**
 * `bun scripts/build-docs.ts`: writes the option tables of docs/configuration.md and the JSON Schemas beside it from the
 * schemas the processor checks with. The text between the tables is written by hand, in the page itself.
 */
import { join } from "node:path";
import * as v from "valibot";
import { functionJsonSchema, platformJsonSchema } from "../src/config/json-schema.ts";
import { platformSchema } from "../src/config/platform-schema.ts";
import { type Schema, type SchemaShape, shapeOf } from "../src/config/schema-shape.ts";
import { functionSchema, triggerSchema } from "../src/config/schema.ts";
import { triggerKinds } from "../src/triggers/kinds.ts";
import { repositoryRoot } from "./build.ts";

export const docs = join(repositoryRoot, "docs");
export const configurationPage = join(docs, "configuration.md");

/** The JSON Schemas by file name, formatted. */
export async function buildSchemas(): Promise<ReadonlyMap<string, string>> {
  const functionSchemaText = await format(JSON.stringify(functionJsonSchema()), "schema.json");
  const platformSchemaText = await format(JSON.stringify(platformJsonSchema()), "schema.json");
  return new Map([
    ["processor.schema.json", functionSchemaText],
    ["platform.schema.json", platformSchemaText],
  ]);
}

/** The tables by the name of their place in the page. */
export function buildTables(): ReadonlyMap<string, string> {
  const kinds = triggerKinds.map(({ kind }) => kind);
  const document = shapeOf(functionSchema).content;
  const entries = document.kind === "object" ? document.entries : {};
  const trigger = triggerSchema(kinds, v.unknown());
  const { attributes: _, ...common } = trigger.entries;
  return new Map([
    ["metadata", optionTable(entriesOf(entries["metadata"]))],
    ["spec", optionTable(entriesOf(entries["spec"]))],
    ["trigger", optionTable(common)],
    ...triggerKinds.map(({ kind, attributes }): [string, string] => [kind, optionTable(entriesOf(attributes))]),
    ["platform", optionTable(entriesOf(platformSchema))],
  ]);
}

/** The page with the tables put between `<!-- table: name -->` and `<!-- end -->`, formatted. */
export async function fillPage(page: string, tables: ReadonlyMap<string, string>): Promise<string> {
  const used = new Set<string>();
  const filled = page.replace(
    /(<!-- table: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables.get(name);
      if (table === undefined) throw new Error(`the page asks for the table "${name}", which does not exist`);
      used.add(name);
      return `${begin}\n${table}\n${end}`;
    },
  );
  const missing = [...tables.keys()].filter((name) => !used.has(name));
  if (missing.length > 0) throw new Error(`the page has no place for the tables ${missing.join(", ")}`);
  return format(filled, "configuration.md");
}

async function format(text: string, name: string): Promise<string> {
  const formatter = Bun.spawn([process.execPath, "fmt", `--stdin-filepath=${name}`], {
    cwd: repositoryRoot,
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [formatted, problem] = await Promise.all([formatter.stdout.text(), formatter.stderr.text()]);
  if ((await formatter.exited) !== 0) throw new Error(`bun fmt refuses ${name}: ${problem}`);
  return formatted;
}

function entriesOf(schema: Schema | undefined): Readonly<Record<string, Schema>> {
  const content = schema === undefined ? null : shapeOf(schema).content;
  return content?.kind === "object" ? content.entries : {};
}

interface Row {
  readonly key: string;
  readonly shape: SchemaShape;
}

function optionTable(entries: Readonly<Record<string, Schema>>): string {
  const rows = Object.entries(entries).flatMap(([key, schema]) => flatten(key, schema));
  const lines = rows.filter(({ shape }) => shape.withoutEffect === null).map(renderRow);
  const idle = rows.filter(({ shape }) => shape.withoutEffect !== null).map(({ key }) => `\`${key}\``);
  const table = ["| Key | Value | Default | Meaning |", "| --- | --- | --- | --- |", ...lines].join("\n");
  return idle.length === 0
    ? `${table}\n`
    : `${table}\n\nKnown, and without effect here: ${idle.toSorted().join(", ")}.\n`;
}

/** The option and those below it; a map that says nothing of its own has no row. */
function flatten(key: string, schema: Schema): Row[] {
  const shape = shapeOf(schema);
  const own =
    shape.description === "" && shape.content.kind !== "scalar" && shape.withoutEffect === null ? [] : [{ key, shape }];
  return [...own, ...below(key, shape)];
}

function below(key: string, { content }: SchemaShape): Row[] {
  switch (content.kind) {
    case "object":
      return Object.entries(content.entries).flatMap(([name, schema]) => flatten(`${key}.${name}`, schema));
    case "record":
      return below(`${key}.<name>`, shapeOf(content.value));
    case "list":
      return below(`${key}[]`, shapeOf(content.item));
    case "scalar":
    case "any":
      return [];
  }
}

function renderRow({ key, shape }: Row): string {
  const cells = [`\`${key}\``, valueOf(shape), defaultOf(shape), shape.description];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function valueOf({ content, choices, notation }: SchemaShape): string {
  if (notation !== "") return notation;
  switch (content.kind) {
    case "object":
    case "record":
      return "map";
    case "list":
      return "list";
    case "any":
      return "anything";
    case "scalar": {
      const types = content.types.filter((type) => type !== "string" || choices.length === 0);
      return [...choices.map((choice) => `\`${choice}\``), ...types.map((type) => typeNames[type])].join(", ");
    }
  }
}

const typeNames = { string: "text", number: "number", boolean: "true, false" } as const;

function defaultOf({ fallback, required }: SchemaShape): string {
  if (required) return "required";
  if (fallback === undefined || fallback === "" || typeof fallback === "object") return "";
  return `\`${typeof fallback === "string" ? fallback : JSON.stringify(fallback)}\``;
}

if (import.meta.main) {
  const page = await Bun.file(configurationPage).text();
  await Bun.write(configurationPage, await fillPage(page, buildTables()));
  for (const [name, schema] of await buildSchemas()) await Bun.write(join(docs, name), schema);
}
