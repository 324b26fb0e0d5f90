import { expect, test } from "bun:test";
import { decodeName, parseEntryPath } from "./entry-path.ts";

test.each([
  ["handler.ts", "handler.ts"],
  ["./lib//a.js", "lib/a.js"],
  ["./", ""],
  ["node_modules/.bin/", "node_modules/.bin"],
  ["a..b/...", "a..b/..."],
])("%p is the path %p", (name, path) => {
  expect(parseEntryPath(name)).toBe(path);
});

test.each([
  ["../x.js", 'has an entry that leads out of the archive: "../x.js"'],
  ["lib/../../x.js", 'has an entry that leads out of the archive: "lib/../../x.js"'],
  ["lib/..", 'has an entry that leads out of the archive: "lib/.."'],
  ["/etc/passwd", 'has an entry with an absolute path: "/etc/passwd"'],
  ["C:/x.js", 'has an entry with an absolute path: "C:/x.js"'],
  ["c:x.js", 'has an entry with an absolute path: "c:x.js"'],
  ["x.js\0.png", 'has an entry with a NUL in its name: "x.js\\u0000.png"'],
])("%p is refused", (name, message) => {
  expect(() => parseEntryPath(name)).toThrow(message);
});

test("names are UTF-8", () => {
  expect(decodeName(Buffer.from("größe.ts"))).toBe("größe.ts");
  expect(() => decodeName(Buffer.from("größe.ts", "latin1"))).toThrow("has an entry whose name is not UTF-8");
});
