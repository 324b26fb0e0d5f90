import { describe, expect, test } from "bun:test";
import { chmodSync, linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import { readTar } from "./read-tar.ts";

function read(bytes: Uint8Array) {
  return [...readTar(bytes)].map((entry) =>
    entry.kind === "file" ? { ...entry, read: undefined, content: Buffer.from(entry.read()).toString() } : { ...entry },
  );
}

/** What the system's tar makes of a directory. */
function tar(directory: string, ...options: string[]): Uint8Array {
  const { stdout, exitCode, stderr } = Bun.spawnSync(["tar", "-cC", directory, "--sort=name", ...options, "."]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout;
}

const deep = `node_modules/${"a-very-long-name/".repeat(9)}index.js`;

describe.each(["gnu", "pax", "ustar"])("%s", (format) => {
  test("files, directories, links and long names", () => {
    const directory = scratchDirectory({
      "handler.js": "export default 1;",
      [deep]: "deep",
      run: "#!",
      "größe.js": "",
    });
    chmodSync(join(directory, "run"), 0o755);
    symlinkSync("handler.js", join(directory, "link"));
    linkSync(join(directory, "handler.js"), join(directory, "second"));
    const file = { kind: "file" as const, executable: false, read: undefined };
    expect(read(tar(directory, `--format=${format}`)).filter(({ kind }) => kind !== "directory")).toEqual([
      { ...file, name: "./größe.js", sizeBytes: 0, content: "" },
      { ...file, name: "./handler.js", sizeBytes: 17, content: "export default 1;" },
      { kind: "symlink", name: "./link", target: "handler.js" },
      { ...file, name: `./${deep}`, sizeBytes: 4, content: "deep" },
      { ...file, name: "./run", sizeBytes: 2, content: "#!", executable: true },
      { kind: "hardlink", name: "./second", target: "./handler.js" },
    ]);
  });
});

test("links with long targets", () => {
  const directory = scratchDirectory({ [deep]: "deep" });
  symlinkSync(deep, join(directory, "link"));
  for (const format of ["gnu", "pax"]) {
    const links = read(tar(directory, `--format=${format}`)).filter(({ kind }) => kind === "symlink");
    expect(links).toEqual([{ kind: "symlink", name: "./link", target: deep }]);
  }
});

describe("refused is", () => {
  const whole = tar(scratchDirectory({ "handler.js": "export default 1;" }), "--format=ustar");
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(whole);
    change(bytes);
    return bytes;
  };

  test("an archive that ends early", () => {
    expect(() => read(whole.subarray(0, 1024 + 10))).toThrow("is truncated: the end of its tar is missing");
    expect(() => read(whole.subarray(0, 1024 + 512))).toThrow("is truncated: the end of its tar is missing");
    expect(() => read(new Uint8Array())).toThrow("is truncated: the end of its tar is missing");
  });

  test("a header with a wrong checksum", () => {
    expect(() => read(changed((bytes) => bytes.write("X", 0)))).toThrow("is damaged: a header's checksum is wrong");
  });

  test("what is no tar", () => {
    expect(() => read(Buffer.alloc(2048, "hello"))).toThrow("is damaged");
  });

  test("a pipe", () => {
    const directory = scratchDirectory();
    Bun.spawnSync(["mkfifo", join(directory, "pipe")]);
    expect(() => read(tar(directory))).toThrow('holds "./pipe" (type "6"), which is neither file, directory nor link');
  });

  test("a sparse file", () => {
    const directory = scratchDirectory();
    Bun.spawnSync(["truncate", "-s", "1M", join(directory, "holes")]);
    expect(() => read(tar(directory, "--sparse", "--format=pax"))).toThrow("holds a sparse file");
    expect(() => read(tar(directory, "--sparse", "--format=gnu"))).toThrow("neither file, directory nor link");
  });
});

test("random damage is never more than a defect", () => {
  const directory = scratchDirectory({ "handler.js": "export default 1;", [deep]: "deep" });
  const whole = tar(directory, "--format=pax");
  const used = whole.length - 4096;
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 1000; round++) {
    const bytes = Buffer.from(whole);
    for (let count = 1 + random(4); count > 0; count--) bytes[random(used)] = random(256);
    try {
      read(bytes);
    } catch (error) {
      expect(error).toMatchObject({ name: "ArchiveDefect" });
    }
  }
});
