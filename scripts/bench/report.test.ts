import { expect, test } from "bun:test";
import { replaceSections } from "./report.ts";

const head = "# Page\n\n<!-- results: written by `bun run bench --update-docs` -->\n\n";
const tail = "\n\n<!-- end of results -->\n\n### More\n";

test("a section that ran again takes its own place, a new one its letter's, and the others stay", () => {
  const page = `${head}### a: first\n\nold a\n\n### c: third\n\nold c${tail}`;
  const blocks = new Map([
    ["c", "### c: third\n\nnew c"],
    ["b", "### b: second\n\nnew b"],
  ]);
  expect(replaceSections(page, blocks)).toBe(
    `${head}### a: first\n\nold a\n\n### b: second\n\nnew b\n\n### c: third\n\nnew c${tail}`,
  );
});

test("a page without markers is refused", () => {
  expect(() => replaceSections("# Page", new Map())).toThrow("where its results stand");
});
