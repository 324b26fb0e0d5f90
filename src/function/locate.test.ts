import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "./scratch-directory.test-support.ts";
import { FunctionLoadError } from "./load-error.ts";
import { locateFunction } from "./locate.ts";

const extensions = ".ts .mts .cts .tsx .js .mjs .cjs";

function locate(handler: string, searchPath: readonly string[], places: string = "/nowhere") {
  return locateFunction({ handler, searchPath }, { NUCLIO_HANDLER_DIR: places });
}

function failure(handler: string, searchPath: readonly string[]) {
  try {
    return locate(handler, searchPath);
  } catch (error) {
    if (error instanceof FunctionLoadError) return { code: error.code, setting: error.setting, message: error.message };
    throw error;
  }
}

describe("a file", () => {
  const dir = scratchDirectory({
    "hello.ts": "",
    "sub/deep.mjs": "",
    "both.ts": "",
    "both.js": "",
    "folder/index.js": "",
    "folder/handler.ts": "",
    "package/lib/start.cjs": "",
    "package/package.json": '{ "main": "./lib/start" }',
    "package/handler.js": "",
    "odd:name.ts": "",
  });

  test.each([
    ["hello.ts", "hello.ts", null],
    ["./hello.ts", "hello.ts", null],
    ["hello", "hello.ts", null],
    ["sub/deep", "sub/deep.mjs", null],
    ["sub/deep.mjs", "sub/deep.mjs", null],
    ["both", "both.ts", null],
    ["both.js", "both.js", null],
    ["folder", "folder/handler.ts", null],
    ["folder/", "folder/handler.ts", null],
    ["package", "package/lib/start.cjs", null],
    ["hello:run", "hello.ts", "run"],
    ["hello.ts:default", "hello.ts", "default"],
    ["sub/deep:handler", "sub/deep.mjs", "handler"],
    ["folder:handler", "folder/handler.ts", "handler"],
    ["odd:name.ts", "odd:name.ts", null],
    ["odd:name.ts:run", "odd:name.ts", "run"],
    ["hello.run", "hello.ts", "run"],
    ["sub/deep.handler", "sub/deep.mjs", "handler"],
  ])("%s is %s, export %s", (handler, file, exportName) => {
    expect(locate(handler, [dir])).toEqual({ file: join(dir, file), exportName });
  });

  test("a missing file is not taken for another one's export", () => {
    for (const handler of ["hello.js", "hello.py", "hello.zip", "hello.run.ts", "hello.a-b"]) {
      expect(failure(handler, [dir])).toMatchObject({ code: "FUNCTION_NOT_FOUND" });
    }
  });

  test("an absolute path is taken as it is", () => {
    expect(locate(join(dir, "hello.ts"), [])).toEqual({ file: join(dir, "hello.ts"), exportName: null });
    expect(locate(`${join(dir, "hello")}:run`, [])).toEqual({ file: join(dir, "hello.ts"), exportName: "run" });
  });

  test("a symbolic link is followed to the real file, as a ConfigMap's files need it", () => {
    const linked = scratchDirectory({ "data/fn.ts": "" });
    symlinkSync("data/fn.ts", join(linked, "fn.ts"));
    expect(locate("fn.ts", [linked])).toEqual({ file: join(linked, "data/fn.ts"), exportName: null });
  });
});

describe("the places", () => {
  test("are searched in order, the reference's last", () => {
    const first = scratchDirectory({ "a.ts": "" });
    const second = scratchDirectory({ "a.ts": "", "b.ts": "" });
    const reference = scratchDirectory({ "a.ts": "", "b.ts": "", "c.js": "" });
    expect([
      locate("a", [first, second], reference).file,
      locate("b", [first, second], reference).file,
      locate("c", [first, second], reference).file,
    ]).toEqual([join(first, "a.ts"), join(second, "b.ts"), join(reference, "c.js")]);
  });

  test("are listed when nothing is there", () => {
    expect(failure("hello.ts", ["/nope", "/none"])).toEqual({
      code: "FUNCTION_NOT_FOUND",
      setting: "spec.handler",
      message: `there is no function "hello.ts". Looked for a file (also with ${extensions}) or a directory with a package.json main, handler or index at:\n  /nope/hello.ts\n  /none/hello.ts\n  /nowhere/hello.ts`,
    });
  });
});

describe("a handler without a file of its name", () => {
  test("is an export of handler.js", () => {
    const dir = scratchDirectory({ "handler.js": "" });
    expect(locate("myExport", [dir])).toEqual({ file: join(dir, "handler.js"), exportName: "myExport" });
  });

  test("is an error that says what it could have been", () => {
    const dir = scratchDirectory();
    expect(failure("myExport", [dir])).toEqual({
      code: "FUNCTION_NOT_FOUND",
      setting: "spec.handler",
      message: `there is no function "myExport", nor a handler.js that could export "myExport". Looked for a file (also with ${extensions}) or a directory with a package.json main, handler or index at:\n  ${dir}/myExport\n  /nowhere/myExport`,
    });
  });

  test("is the place's own handler file when it is empty", () => {
    const dir = scratchDirectory({ "handler.ts": "", "index.ts": "" });
    expect(locate("", [dir])).toEqual({ file: join(dir, "handler.ts"), exportName: null });
  });
});

describe("errors", () => {
  test.each(["a:b:c", ":run", "hello:", "hello:not-a-name"])("%s is not a handler", (handler) => {
    expect(failure(handler, [scratchDirectory({ "hello.ts": "" })])).toEqual({
      code: "BAD_HANDLER",
      setting: "spec.handler",
      message: `"${handler}" is not a handler: write "file.ts", "module:export" or the name of an export of handler.js`,
    });
  });

  test("a file of another language is named as such", () => {
    const dir = scratchDirectory({ "main.py": "" });
    expect(failure("main.py:handler", [dir])).toEqual({
      code: "NOT_SUPPORTED",
      setting: "spec.handler",
      message: `${dir}/main.py is neither JavaScript nor TypeScript: a function's file ends in ${extensions}, an archive in .zip .tar.gz .tgz`,
    });
  });

  test("a package.json that cannot be read is named", () => {
    const dir = scratchDirectory({ "fn/package.json": "{", "fn/index.ts": "" });
    const failed = failure("fn", [dir]);
    expect("message" in failed && failed.message).toStartWith(`${dir}/fn/package.json cannot be read: SyntaxError`);
  });
});
