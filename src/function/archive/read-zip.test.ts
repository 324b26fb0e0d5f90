import { describe, expect, test } from "bun:test";
import { type Zippable, zipSync } from "fflate";
import { readZip } from "./read-zip.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** What the archive holds, contents as text. */
function read(bytes: Uint8Array) {
  return [...readZip(bytes)].map((entry) =>
    entry.kind === "file" ? { ...entry, read: undefined, content: Buffer.from(entry.read()).toString() } : { ...entry },
  );
}

function zip(files: Zippable): Buffer {
  return Buffer.from(zipSync(files));
}

/** Writes over the central directory's record of the only entry. */
function patched(bytes: Buffer, change: (record: Buffer) => void): Buffer {
  change(bytes.subarray(bytes.indexOf("PK\x01\x02")));
  return bytes;
}

test("stored and deflated files, directories, links and the right to execute", () => {
  const bytes = zip({
    "handler.js": text("export default 1;".repeat(10)),
    "stored.txt": [text("as it is"), { level: 0 }],
    "empty.js": text(""),
    "bin/run": [text("#!"), { os: 3, attrs: 0o100755 << 16 }],
    link: [text("bin/run"), { os: 3, attrs: (0o120777 << 16) >>> 0 }],
    "dir/": text(""),
    "größe.js": text("1"),
  });
  const file = { kind: "file" as const, executable: false, read: undefined };
  expect(read(bytes)).toEqual([
    { ...file, name: "handler.js", sizeBytes: 170, content: "export default 1;".repeat(10) },
    { ...file, name: "stored.txt", sizeBytes: 8, content: "as it is" },
    { ...file, name: "empty.js", sizeBytes: 0, content: "" },
    { ...file, name: "bin/run", sizeBytes: 2, content: "#!", executable: true },
    { kind: "symlink", name: "link", target: "bin/run" },
    { kind: "directory", name: "dir/" },
    { ...file, name: "größe.js", sizeBytes: 1, content: "1" },
  ]);
});

test("an archive with a comment", () => {
  expect(read(Buffer.from(zipSync({ "a.js": text("1") }, { comment: "made by hand" })))).toHaveLength(1);
});

test("backslashes of Windows packers are slashes", () => {
  expect(read(zip({ "lib\\a.js": text("1") }))).toMatchObject([{ name: "lib/a.js" }]);
});

describe("refused is", () => {
  const one = (): Buffer => zip({ "a.js": text("export default 1; // ".repeat(20)) });

  test("an encrypted archive", () => {
    const bytes = patched(one(), (record) => record.writeUInt16LE(1, 8));
    expect(() => read(bytes)).toThrow('is encrypted ("a.js"): pack it without a password');
  });

  test("a compression other than deflate", () => {
    const bytes = patched(one(), (record) => record.writeUInt16LE(93, 10));
    expect(() => read(bytes)).toThrow('has "a.js" compressed by method 93: only deflate can be read');
  });

  test("a file longer than declared", () => {
    const bytes = patched(one(), (record) => record.writeUInt32LE(5, 24));
    expect(() => read(bytes)).toThrow('is damaged at "a.js": its length or checksum is wrong');
  });

  test("a file shorter than declared", () => {
    const bytes = patched(one(), (record) => record.writeUInt32LE(5000, 24));
    expect(() => read(bytes)).toThrow('is damaged at "a.js": its length or checksum is wrong');
  });

  test("a file with a byte changed", () => {
    const bytes = zip({ "a.js": [text("export default 1;"), { level: 0 }] });
    bytes.write("D", bytes.indexOf("default"));
    expect(() => read(bytes)).toThrow('is damaged at "a.js": its length or checksum is wrong');
  });

  test("an archive cut anywhere", () => {
    const whole = one();
    for (let length = 4; length < whole.length; length++) {
      expect(() => read(whole.subarray(0, length))).toThrow("is a truncated zip");
    }
  });

  test("an archive with its middle missing", () => {
    const whole = one();
    const bytes = Buffer.concat([whole.subarray(0, 40), whole.subarray(60)]);
    expect(() => read(bytes)).toThrow("is damaged: its directory does not fit its content");
  });

  test("a part of a split archive, and zip64", () => {
    const split = one();
    split.writeUInt16LE(0, split.length - 14);
    expect(() => read(split)).toThrow("is one part of a split zip");
    const large = patched(one(), (record) => record.writeUInt32LE(0xffffffff, 24));
    expect(() => read(large)).toThrow("is a zip64 archive");
  });

  test("a link of a length no link has", () => {
    const bytes = zip({ link: [new Uint8Array(5000), { os: 3, attrs: (0o120777 << 16) >>> 0 }] });
    expect(() => read(bytes)).toThrow('is damaged at "link": no link is that long');
  });
});

test("random damage is never more than a defect", () => {
  const whole = zip({ "a.js": text("export default 1; // ".repeat(20)), "b/c.json": text('{"a":[1,2,3]}') });
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(whole);
    for (let count = 1 + random(4); count > 0; count--) bytes[random(bytes.length)] = random(256);
    try {
      read(bytes);
    } catch (error) {
      expect(error).toMatchObject({ name: "ArchiveDefect" });
    }
  }
});
