import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { FunctionLoadError } from "../load-error.ts";
import { locateFunction } from "../locate.ts";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { archiveLimits } from "./archive-entry.ts";
import { unpackFunction } from "./unpack-function.ts";

const environment = { NUCLIO_HANDLER_DIR: "/nowhere" };
const place = scratchDirectory();
const unpackedSource = scratchDirectory({ "handler.ts": "", "lib/a.ts": "" });
/** Where archives are unpacked. */
const temporary = scratchDirectory();
const before = process.env["TMPDIR"];

beforeAll(() => {
  process.env["TMPDIR"] = temporary;
});
afterAll(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
});

function zip(name: string, files: Readonly<Record<string, string>>): string {
  const entries = Object.entries(files).map(([path, content]) => [path, strToU8(content)]);
  return put(name, zipSync(Object.fromEntries(entries)));
}

function put(name: string, content: string | Uint8Array): string {
  const file = join(place, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function unpack(handler: string, limits = archiveLimits) {
  return unpackFunction({ handler, runtime: "", searchPath: [place] }, environment, limits);
}

function failure(handler: string, limits = archiveLimits) {
  try {
    unpack(handler, limits);
  } catch (error) {
    if (error instanceof FunctionLoadError) return { code: error.code, setting: error.setting, message: error.message };
    throw error;
  }
  return expect.unreachable("it was unpacked");
}

describe("an archive", () => {
  test.each([
    ["handler", { "handler.ts": "", "index.ts": "" }, "handler.ts"],
    ["index", { "index.mjs": "" }, "index.mjs"],
    ["main", { "package.json": '{"main":"lib/start.js"}', "lib/start.js": "", "index.js": "" }, "lib/start.js"],
  ])("has its %s for the function", (_, files, expected) => {
    zip("fn.zip", files);
    using unpacked = unpack("fn.zip");
    expect(unpacked?.source.handler).toBe(join(unpacked?.directory ?? "", "function", expected));
  });

  test("is unpacked into a directory only the owner may enter, gone when disposed of", () => {
    const archive = zip("fn.zip", { "handler.js": "export default 1;", "node_modules/a/index.js": "" });
    const unpacked = unpack("fn.zip");
    expect(unpacked).toMatchObject({ archive, files: 2, bytes: 17 });
    const directory = unpacked?.directory ?? "";
    expect(dirname(directory)).toBe(temporary);
    expect((statSync(directory).mode & 0o777).toString(8)).toBe("700");
    expect(readFileSync(unpacked?.source.handler ?? "", "utf8")).toBe("export default 1;");
    unpacked?.[Symbol.dispose]();
    expect(existsSync(directory)).toBe(false);
  });

  test("may be followed by an export, which the loader then finds", () => {
    zip("fn.zip", { "handler.js": "" });
    using unpacked = unpack("fn.zip:run");
    const handler = unpacked?.source.handler ?? "";
    expect(locateFunction({ handler, searchPath: [] }, environment)).toEqual({
      file: join(unpacked?.directory ?? "", "function", "handler.js"),
      exportName: "run",
    });
  });

  test.each([
    ["nodejs", "fn.zip:lib/start:go", "handler.js lib/start.js", "lib/start.js:go"],
    ["python:3.11", "fn.zip", "main.py", "main:handler"],
    ["python:3.11", "fn.zip:run", "main.py", "main:run"],
    ["python:3.11", "fn.zip:pack.mod:run", "pack/mod.py", "pack.mod:run"],
  ])("of %s is loaded as %s with %s from %s", (runtime, handler, files, expected) => {
    zip("fn.zip", Object.fromEntries(files.split(" ").map((name) => [name, ""])));
    using unpacked = unpackFunction({ handler, runtime, searchPath: [place] }, environment);
    const root = join(unpacked?.directory ?? "", "function");
    expect(unpacked?.source.handler.replace(`${root}/`, "")).toBe(expected);
    expect(unpacked?.source.searchPath).toEqual(runtime === "nodejs" ? [place] : [root, place]);
  });

  test("is told by its content, not by its name", () => {
    zip("fn.tgz", { "handler.js": "" });
    using unpacked = unpack("fn.tgz");
    expect(unpacked?.files).toBe(1);
  });

  test.each(["fn.tar.gz", "fn.tgz", "FN.TGZ"])("may be %s", (name) => {
    expect(Bun.spawnSync(["tar", "-czf", join(place, name), "-C", unpackedSource, "."]).exitCode).toBe(0);
    using unpacked = unpack(name);
    expect(unpacked).toMatchObject({ files: 2 });
  });

  test("is not what these name", () => {
    zip("fn.zip", { "handler.js": "" });
    mkdirSync(join(place, "dir.zip"), { recursive: true });
    for (const handler of ["", "fn", "missing.zip", "dir.zip", "fn.zip:not-a-name", "fn.js", ":fn.zip"]) {
      expect(unpack(handler)).toBeNull();
    }
  });
});

describe("an archive that cannot be used is named, with why:", () => {
  test.each<[string, () => string | Uint8Array, string]>([
    ["empty.zip", () => "", "is empty"],
    ["text.zip", () => "export default 1;", "is neither a zip nor a tar.gz: its content begins with something else"],
    [
      "cut.tgz",
      () => Bun.gzipSync(Buffer.alloc(5000, "x")).subarray(0, 20),
      "is damaged or truncated: gzip: unexpected end of file",
    ],
    [
      "cut.zip",
      () => zipSync({ "a.js": strToU8("1") }).subarray(0, 30),
      "is a truncated zip: its directory, which comes last, is missing",
    ],
    ["none.zip", () => zipSync({}), "has no package.json main, handler or index at its top: it is empty"],
    [
      "folder.zip",
      () => zipSync({ "fn/handler.js": strToU8(""), "readme.md": strToU8("") }),
      "has no package.json main, handler or index at its top, but fn/, readme.md",
    ],
    [
      "slip.zip",
      () => zipSync({ "handler.js": strToU8(""), "../../slipped.js": strToU8("") }),
      'has an entry that leads out of the archive: "../../slipped.js"',
    ],
  ])("%s", (name, content, why) => {
    const archive = put(name, content());
    expect(failure(name)).toEqual({ code: "BAD_ARCHIVE", setting: null, message: `${archive} ${why}` });
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("one that grows beyond the limit, in either format", () => {
    const limits = { maxEntries: 10, maxBytes: 1024 * 1024 };
    const message = "holds more than the 1 MiB a function may have: leave out what it does not need at run time";
    const large = "x".repeat(1024 * 1024);
    const archive = zip("bomb.zip", { "handler.js": large, b: "x" });
    expect(failure("bomb.zip", limits)).toMatchObject({ message: `${archive} ${message}` });
    const bomb = put("bomb.tgz", Bun.gzipSync(Buffer.alloc(2 * 1024 * 1024)));
    expect(failure("bomb.tgz", limits)).toMatchObject({ message: `${bomb} ${message}` });
    const packed = put("packed.zip", Buffer.alloc(1024 * 1024 + 1));
    expect(failure("packed.zip", limits)).toMatchObject({
      message: `${packed} is larger than the 1 MiB a function may have unpacked`,
    });
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test("a temporary directory that cannot be written is named, with the variable that moves it", () => {
  const archive = zip("fn.zip", { "handler.js": "" });
  process.env["TMPDIR"] = "/proc/nowhere";
  try {
    const { code, message } = failure("fn.zip");
    expect(code).toBe("CANNOT_UNPACK");
    expect(message).toStartWith(`${archive} cannot be unpacked below /proc/nowhere: ENOENT`);
    expect(message).toEndWith("\nset TMPDIR to a directory that can be written and has room");
  } finally {
    process.env["TMPDIR"] = temporary;
  }
});
