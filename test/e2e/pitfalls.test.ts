/** The page on pitfalls names only tests that are there. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build.ts";

const files: Readonly<Record<string, string>> = {
  extproc: "src/triggers/extproc/streaming.test.ts",
  session: "src/triggers/extproc/session.test.ts",
  "http2/abuse": "test/http2/abuse.test.ts",
};

test("every test the pitfalls page names exists", async () => {
  const page = await Bun.file(join(repositoryRoot, "docs", "pitfalls.md")).text();
  const named = [...page.matchAll(/\| ([\w/]+)(?:, [\w ]+)?: "([^"]+)" +\|$/gm)];
  const missing: string[] = [];
  for (const [, file = "", name = ""] of named) {
    const source = await Bun.file(join(repositoryRoot, files[file] ?? `test/e2e/${file}.test.ts`)).text();
    if (!source.includes(name)) missing.push(`${file}: ${name}`);
  }
  const rows = page.split("\n").filter((line) => /^\| .* \|$/.test(line)).length - 2;
  expect([missing, named.length, rows]).toEqual([[], 29, 30]);
});
