import { describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { type ArchiveEntry, archiveLimits } from "./archive-entry.ts";
import { writeEntries } from "./write-entries.ts";

function file(name: string, content = "", executable = false): ArchiveEntry {
  const bytes = new TextEncoder().encode(content);
  return { kind: "file", name, executable, sizeBytes: bytes.length, read: () => bytes };
}

function write(entries: readonly ArchiveEntry[], limits = archiveLimits) {
  const root = scratchDirectory();
  return { root, ...writeEntries(entries, root, limits) };
}

test("files, directories and links that stay inside, for the owner only", () => {
  const { root, files, bytes } = write([
    { kind: "directory", name: "./" },
    { kind: "symlink", name: "node_modules/.bin/run", target: "../pkg/run.js" },
    { kind: "directory", name: "node_modules/" },
    file("node_modules/pkg/run.js", "#!run", true),
    { kind: "symlink", name: "alias", target: "node_modules/.bin" },
    { kind: "symlink", name: "through", target: "alias/run" },
    { kind: "hardlink", name: "copy.js", target: "./node_modules/pkg/run.js" },
  ]);
  const mode = (path: string): string => (statSync(join(root, path)).mode & 0o777).toString(8);
  expect({ files, bytes }).toEqual({ files: 5, bytes: 5 });
  expect([mode("node_modules"), mode("node_modules/pkg"), mode("node_modules/pkg/run.js")]).toEqual([
    "700",
    "700",
    "700",
  ]);
  expect(readlinkSync(join(root, "through"))).toBe("alias/run");
  expect([readFileSync(join(root, "through"), "utf8"), readFileSync(join(root, "copy.js"), "utf8")]).toEqual([
    "#!run",
    "#!run",
  ]);
  expect((statSync(join(write([file("a")]).root, "a")).mode & 0o777).toString(8)).toBe("600");
});

describe("two entries of one path are refused:", () => {
  test.each<[string, ArchiveEntry[], string]>([
    ["files", [file("a.js"), file("./a.js")], "a.js"],
    ["a file and a link", [file("a.js"), { kind: "symlink", name: "a.js", target: "b.js" }], "a.js"],
    ["a directory and a file", [{ kind: "directory", name: "a" }, file("a")], "a"],
    ["a directory of a path and a file", [file("a/b.js"), file("a")], "a"],
    ["a file below a file", [file("a"), file("a/b.js")], "a"],
    ["a file below a link", [{ kind: "symlink", name: "a", target: "/etc" }, file("a/b.js")], "a"],
    ["a file in the place of the archive", [file("./")], ""],
  ])("%s", (_, entries, path) => {
    expect(() => write(entries)).toThrow(`has two entries for ${JSON.stringify(path)}`);
  });
});

describe("a link is refused that leads", () => {
  const link = (name: string, target: string): ArchiveEntry => ({ kind: "symlink", name, target });

  test.each<[string, ArchiveEntry[], string]>([
    ["to an absolute path", [link("a", "/etc/passwd")], 'link "a" that leads to "/etc/passwd", out of the archive'],
    ["upwards", [link("lib/a", "../../..")], 'link "lib/a" that leads to "../../..", out of the archive'],
    [
      "out through another link",
      [file("x/y/z.js"), link("down", "x/y"), link("out", "down/../../..")],
      'link "out" that leads to "down/../../..", out of the archive',
    ],
    ["nowhere", [link("a", "missing.js")], 'link "a" that leads to "missing.js", where nothing is'],
    ["round in a circle", [link("a", "b"), link("b", "a")], 'link "a" that leads to "b", where nothing is'],
  ])("%s", (_, entries, message) => {
    expect(() => write(entries)).toThrow(message);
  });

  test("to a file that does not come before it, when it is a hard link", () => {
    const entries: ArchiveEntry[] = [{ kind: "hardlink", name: "a.js", target: "b.js" }, file("b.js")];
    expect(() => write(entries)).toThrow('link "a.js" that leads to "b.js", which is no file before it');
    expect(() => write([{ kind: "hardlink", name: "a.js", target: "../../b.js" }])).toThrow("leads out of the archive");
  });
});

describe("limits", () => {
  test("on entries, counting the directories of paths", () => {
    const limits = { ...archiveLimits, maxEntries: 4 };
    expect(write([file("a/b/c.js"), file("a/d.js")], limits)).toMatchObject({ files: 2 });
    expect(() => write([file("a/b/c.js"), file("a/d.js"), file("e.js")], limits)).toThrow(
      "holds more than the 4 files and directories a function may have",
    );
  });

  test("on bytes, before a file is unpacked", () => {
    const large: ArchiveEntry = {
      kind: "file",
      name: "large",
      executable: false,
      sizeBytes: 1024 * 1024,
      read: () => expect.unreachable("it was unpacked"),
    };
    expect(() => write([file("a", "x"), large], { ...archiveLimits, maxBytes: 1024 * 1024 })).toThrow(
      "holds more than the 1 MiB a function may have",
    );
  });
});
