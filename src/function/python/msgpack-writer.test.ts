import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { MsgpackWriter } from "./msgpack-writer.ts";

function write(value: unknown): Buffer {
  const writer = new MsgpackWriter();
  writer.value(value);
  return Buffer.from(writer.written);
}

describe("bytes as the format says", () => {
  test.each([
    [null, "c0"],
    [undefined, "c0"],
    [false, "c2"],
    [true, "c3"],
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [4_294_967_295, "ceffffffff"],
    [4_294_967_296, "d30000000100000000"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d2ffffffdf"],
    [-2_147_483_649, "d3ffffffff7fffffff"],
    [1.5, "cb3ff8000000000000"],
    ["", "a0"],
    ["ü", "a2c3bc"],
    ["a".repeat(31), `bf${"61".repeat(31)}`],
    ["a".repeat(32), `d920${"61".repeat(32)}`],
    [Buffer.of(1, 2), "c4020102"],
    [[], "90"],
    [[1, [2]], "92019102"],
    [{}, "80"],
    [{ a: { b: null } }, "81a161 81a162c0".replace(" ", "")],
  ])("%p is %s", (value, hex) => {
    expect(write(value).toString("hex")).toBe(hex);
  });
});

test("what cannot be sent is named", () => {
  expect(() => write({ a: () => {} })).toThrow("a function cannot be sent to Python");
  expect(() => write([1n])).toThrow("a bigint cannot be sent to Python");
});

test("Python reads it with its own decoder, every length of text, bytes, lists and maps", async () => {
  const lengths = [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536, 70_000];
  const numbers = [0, 127, 128, 65_536, 2 ** 40, -1, -32, -33, -128, -32_769, -(2 ** 40), 0.1, 1e300];
  const value = {
    texts: lengths.map((length) => "ü".repeat(length)),
    lists: lengths.map((length) => Array.from({ length }, (_, index) => index % 200)),
    maps: lengths.slice(0, 8).map((length) => Object.fromEntries(Array.from({ length }, (_, i) => [`key ${i}`, i]))),
    numbers,
    constants: [null, true, false],
  };
  const bytes = lengths.map((length) => Buffer.alloc(length, 7));
  const script = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from _processor_msgpack import unpack
value, data = unpack(sys.stdin.buffer.read())
assert [len(each) for each in data] == json.loads(sys.argv[2])
assert all(each == b"\\x07" * len(each) for each in data)
print(json.dumps(value))
`;
  const child = Bun.spawn(["python3", "-c", script, join(import.meta.dir, "wrapper"), JSON.stringify(lengths)], {
    stdin: write([value, bytes]),
    stderr: "inherit",
  });
  expect(JSON.parse(await child.stdout.text())).toEqual(value);
});
