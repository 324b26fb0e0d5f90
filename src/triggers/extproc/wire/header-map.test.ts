import { expect, test } from "bun:test";
import { seededRandom } from "../../../protobuf/seeded-random.test-support.ts";
import { WireError } from "../../../protobuf/wire-error.ts";
import { WireWriter } from "../../../protobuf/writer.ts";
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

test("maps are searched in turn, in one chunk and in others, with few lines and many", () => {
  const many = Array.from({ length: 1500 }, (_, index) => [`x-${index}`, `${index}`] as const);
  const spans = [
    headerMapIn(100, [["host", "one"]]),
    headerMapIn(100_000, many),
    headerMapIn(100, [["host", "two"]]),
    headerMapIn(100, []),
  ];
  const maps = spans.map(headerMapOf);
  for (let round = 0; round < 2; round++) {
    expect(maps.map((map) => map.values("host"))).toEqual([["one"], [], ["two"], []]);
    expect(maps.map((map) => map.values("x-1499"))).toEqual([[], ["1499"], [], []]);
  }
  expect(maps[1]?.lines()).toEqual(many.flat());
  expect(maps.map((map) => map.values("host"))).toEqual([["one"], [], ["two"], []]);
});

test("a map that ends within a line is refused each time, and the next one is read", () => {
  const { bytes, start, end } = headerMapIn(100, [
    ["host", "example"],
    ["accept", "a"],
  ]);
  const broken = new HeaderMap(bytes, start, end - 1);
  for (const name of ["host", "accept", "host"]) expect(() => broken.values(name)).toThrow(WireError);
  expect(() => broken.lines()).toThrow(WireError);
  expect(new HeaderMap(bytes, start, end).values("accept")).toEqual(["a"]);
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

test("what was asked before does not change what is found, whatever the names' lengths and the order in a line", () => {
  const random = seededRandom(7);
  const writer = new WireWriter();
  for (let round = 0; round < 200; round++) {
    const names = Array.from({ length: random.below(6) }, () => "n".repeat(random.pick([1, 2, 30, 31, 32, 127, 128])));
    writer.begin();
    for (const [index, name] of names.entries()) {
      const mark = writer.open(0x0a);
      const valueFirst = random.below(4) === 0;
      if (valueFirst) writer.string(0x1a, `v${index}`);
      writer.string(0x0a, name);
      if (!valueFirst) writer.string(0x1a, `v${index}`);
      writer.close(mark);
    }
    const bytes = writer.finish();
    const map = new HeaderMap(bytes, 0, bytes.length);
    for (const length of [2, 1, 31, 32, 127, 128, 30, 60, 1, 2]) {
      const name = "n".repeat(length);
      const expected = names.flatMap((other, index) => (other === name ? [`v${index}`] : []));
      expect([map.values(name), map.has(name)]).toEqual([expected, expected.length > 0]);
    }
  }
});
