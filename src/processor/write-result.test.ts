import { expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../function/scratch-directory.test-support.ts";
import { writeResult } from "./write-result.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a file is replaced, not written over: who has it open reads the old result to its end", async () => {
  const directory = scratchDirectory({ result: "the old result" });
  const file = join(directory, "result");
  const { ino } = statSync(file);
  await writeResult(file, bytes("new"));
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(statSync(file).ino).not.toBe(ino);
  expect(readdirSync(directory)).toEqual(["result"]);
});

test("behind a symbolic link its target is replaced", async () => {
  const directory = scratchDirectory({ "volume/result": "old" });
  const link = join(directory, "link");
  symlinkSync("volume/result", link);
  await writeResult(link, bytes("new"));
  expect(readlinkSync(link)).toBe("volume/result");
  expect(readFileSync(join(directory, "volume/result"), "utf8")).toBe("new");
  expect(readdirSync(join(directory, "volume"))).toEqual(["result"]);
});

test("a device is written to", async () => {
  await writeResult("/dev/null", bytes("gone"));
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("a place that cannot be written is an error, and nothing is left there", async () => {
  const directory = scratchDirectory({ "result/inside": "" });
  const codeOf = (name: string): Promise<unknown> =>
    writeResult(join(directory, name), bytes("new")).catch((error: { readonly code: string }) => error.code);
  expect(await codeOf("result")).toBe("EISDIR");
  expect(await codeOf("missing/result")).toBe("ENOENT");
  expect(readdirSync(directory)).toEqual(["result"]);
});
