import { expect, test } from "bun:test";
import { HeaderMap } from "./header-map.ts";
import { copySpan, type Span } from "./span.ts";

/** A HeaderMap with raw values at the end of a chunk of `chunkBytes`. */
function headerMapIn(chunkBytes: number, lines: readonly (readonly [string, string])[]) {
  const map = Buffer.concat(
    lines.map(([name, value]) => {
      const line = [0x0a, name.length, ...Buffer.from(name), 0x1a, value.length, ...Buffer.from(value, "latin1")];
      return Buffer.from([0x0a, line.length, ...line]);
    }),
  );
  const bytes = Buffer.alloc(chunkBytes, 0xff);
  const start = chunkBytes - map.length;
  bytes.set(map, start);
  return { bytes, start, end: chunkBytes };
}

function headerMapOf({ bytes, start, end }: Span): HeaderMap {
  return new HeaderMap(bytes, start, end);
}

test("values are found by name among names of the same and of other lengths", () => {
  const lines = [
    ["accept", "a"],
    ["cookie", "b"],
    ["cookie", "c"],
    ["x-long-name", "d"],
  ] as const;
  const map = headerMapOf(headerMapIn(100, lines));
  expect([map.values("cookie"), map.values("accept"), map.values("expect"), map.values("x")]).toEqual([
    ["b", "c"],
    ["a"],
    [],
    [],
  ]);
  expect(map.lines()).toEqual(lines.flat());
});

test("after compact a large chunk may be overwritten", () => {
  const span = headerMapIn(64 * 1024, [["host", "example"]]);
  const map = headerMapOf(span);
  map.compact();
  span.bytes.fill(0);
  expect(map.values("host")).toEqual(["example"]);
});

test("a copied span of a Buffer has its own memory", () => {
  const bytes = Buffer.from("abcdef");
  const copy = copySpan({ bytes, start: 2, end: 4 });
  bytes.fill(0);
  expect(Buffer.from(copy).toString()).toBe("cd");
});
