import { expect, test } from "bun:test";
import { join } from "node:path";
import { buildSchemas, buildTables, configurationPage, docs, fillPage } from "./build-docs.ts";

test("the configuration page shows the options of the schemas (mend: bun scripts/build-docs.ts)", async () => {
  const page = await Bun.file(configurationPage).text();
  expect(await fillPage(page, buildTables())).toBe(page);
});

test("the JSON Schemas are those the processor prints (mend: bun scripts/build-docs.ts)", async () => {
  for (const [name, schema] of await buildSchemas()) {
    expect({ name, text: await Bun.file(join(docs, name)).text() }).toEqual({ name, text: schema });
  }
});

test("a page without a place for a table is refused", async () => {
  const refusal = await fillPage("# Configuration\n", buildTables()).catch(String);
  expect(refusal).toContain("no place for the tables metadata, spec");
});

test("every option has a meaning and every table a row", () => {
  for (const [name, table] of buildTables()) {
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    expect({ name, empty: rows.filter((row) => /\|\s*\|$/.test(row)) }).toEqual({ name, empty: [] });
    expect(rows.length).toBeGreaterThan(0);
  }
});
