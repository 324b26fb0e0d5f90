import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { makePrivateDirectory } from "./private-directory.ts";
import { scratchDirectory } from "./scratch-directory.test-support.ts";

const before = { ...process.env };
afterEach(() => {
  for (const name of ["TMPDIR", "HOME"]) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

test("TMPDIR says where, and HOME does not help when it cannot be written", () => {
  const place = scratchDirectory();
  process.env["TMPDIR"] = place;
  const directory = makePrivateDirectory();
  expect(dirname(directory.path)).toBe(place);
  directory[Symbol.dispose]();
  expect(existsSync(directory.path)).toBe(false);
  process.env["TMPDIR"] = "/proc/nowhere";
  process.env["HOME"] = place;
  expect(() => makePrivateDirectory()).toThrow("ENOENT");
});
