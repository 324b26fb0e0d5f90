import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { strToU8, zipSync } from "fflate";
import { FunctionLoadError } from "../load-error.ts";
import { loadFunction } from "../load.ts";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { readSourceCode } from "./source-code.ts";
import { writeSource } from "./write-source.ts";

const temporary = scratchDirectory();
const before = process.env["TMPDIR"];
beforeAll(() => {
  process.env["TMPDIR"] = temporary;
});
afterAll(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
});

function write(code: string, handler: string, runtime = "", place = "/nowhere") {
  return writeSource(readSourceCode(code), { handler, runtime, searchPath: [place] });
}

function packed(files: Readonly<Record<string, string>>): string {
  const entries = Object.entries(files).map(([path, content]) => [path, strToU8(content)]);
  return Buffer.from(zipSync(Object.fromEntries(entries))).toString("base64");
}

test("a source is a file only the owner may read, gone when disposed of", () => {
  const code = "exports.run = () => 'hello';";
  const written = write(code, "main:run", "nodejs");
  const { directory, handler, searchPath, files, bytes } = written;
  const root = join(directory, "function");
  expect({ handler, searchPath, files, bytes }).toEqual({
    handler: `${join(root, "main.js")}:run`,
    searchPath: [root, "/nowhere"],
    files: 1,
    bytes: code.length,
  });
  expect(dirname(directory)).toBe(temporary);
  expect((statSync(directory).mode & 0o777).toString(8)).toBe("700");
  expect(readFileSync(join(root, "main.js"), "utf8")).toBe(code);
  written[Symbol.dispose]();
  expect(existsSync(directory)).toBe(false);
});

test("a source in Python is looked for by its module's name", () => {
  using written = write("def run(context, event): pass", "pack.mod:run", "python:3.11");
  expect(written.handler).toBe("pack.mod:run");
  expect(existsSync(join(written.searchPath[0] ?? "", "pack/mod.py"))).toBe(true);
});

test("packages beside the configuration, or above it, can be imported", async () => {
  const place = scratchDirectory({
    "node_modules/greeter/package.json": '{ "name": "greeter", "exports": "./main.js" }',
    "node_modules/greeter/main.js": 'import { what } from "other"; export const greet = () => `hello ${what}`;',
    "node_modules/other/index.js": 'export const what = "world";',
    "functions/processor.yaml": "",
  });
  const code = 'import { greet } from "greeter"; export const run = () => greet();';
  using written = write(code, "run", "nodejs", join(place, "functions"));
  const source = { handler: written.handler, searchPath: [], runtime: "nodejs" };
  const loaded = await loadFunction(source, { hasType: false, kinds: ["http"], environment: {} });
  expect(loaded.contract === "nuclio" && loaded.handler({} as never, {} as never)).toBe("hello world");
});

describe("an archive in base64", () => {
  const files = { "src/start.js": "exports.run = 1;", "index.js": "exports.handler = 1;" };
  test.each([
    ["", "index.js"],
    ["index:handler", "index.js:handler"],
    ["src/start:run", "src/start.js:run"],
    ["src/start.run", "src/start.js:run"],
  ])("has %p at %s", (handler, expected) => {
    using written = write(packed(files), handler);
    expect(relative(join(written.directory, "function"), written.handler)).toBe(expected);
    expect(written.files).toBe(2);
  });

  test("of Python keeps its handler", () => {
    using written = write(packed({ "main.py": "" }), "main:run", "python");
    expect(written.handler).toBe("main:run");
  });

  test.each([
    [packed({ "../up.js": "" }), "", "BAD_ARCHIVE", /^the archive in spec.build.functionSourceCode has an entry that/],
    [packed(files), "missing:run", "FUNCTION_NOT_FOUND", /^there is no function "missing:run"/],
  ])("that cannot be used leaves nothing behind", (code, handler, expected, message) => {
    const left = readdirSync(temporary);
    let caught: unknown = null;
    try {
      write(code, handler);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FunctionLoadError);
    expect(caught).toMatchObject({ code: expected, message: expect.stringMatching(message) });
    expect(readdirSync(temporary)).toEqual(left);
  });
});
