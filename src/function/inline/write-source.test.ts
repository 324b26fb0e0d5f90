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
  const { directory, source, files, bytes } = written;
  const root = join(directory, "function");
  expect({ source, files, bytes }).toEqual({
    source: { handler: `${join(root, "main.js")}:run`, runtime: "nodejs", searchPath: ["/nowhere"] },
    files: 1,
    bytes: code.length,
  });
  expect(dirname(directory)).toBe(temporary);
  expect((statSync(directory).mode & 0o777).toString(8)).toBe("700");
  expect(readFileSync(join(root, "main.js"), "utf8")).toBe(code);
  written[Symbol.dispose]();
  expect(existsSync(directory)).toBe(false);
});

test.each([
  ["pack.mod:run", "python:3.11"],
  ["pack/mod.py:run", ""],
])("a source in Python is looked for by its module's name: %s", (handler, runtime) => {
  using written = write("def run(context, event): pass", handler, runtime);
  const root = join(written.directory, "function");
  expect(written.source).toEqual({ handler: "pack.mod:run", runtime: "python", searchPath: [root, "/nowhere"] });
  expect(existsSync(join(root, "pack/mod.py"))).toBe(true);
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
  const loaded = await loadFunction(written.source, { hasType: false, kinds: ["http"], environment: {} });
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
    expect(relative(join(written.directory, "function"), written.source.handler)).toBe(expected);
    expect(written.files).toBe(2);
  });

  test.each([
    ["main:run", "main:run"],
    ["lib.fn:run", "lib.fn:run"],
    ["", "main:handler"],
  ])("of Python has %p at %s", (handler, expected) => {
    using written = write(packed({ "main.py": "", "lib/fn.py": "" }), handler, "python");
    expect(written.source.handler).toBe(expected);
  });

  test.each([
    [packed({ "../up.js": "" }), "", "BAD_ARCHIVE", /^the archive in spec.build.functionSourceCode has an entry that/],
    [packed({ "a.js": "" }), "", "BAD_ARCHIVE", /has no function at its top: name it in spec.handler$/],
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
