import { expect, test } from "bun:test";
import { knownCodings, parseContentEncoding } from "./content-encoding.ts";

test.each([
  [null, []],
  ["", []],
  ["identity", []],
  ["gzip", ["gzip"]],
  [" GZip ,, Br,identity", ["gzip", "br"]],
  ["compress", ["compress"]],
])("content-encoding %p names %p", (value, codings) => {
  expect(parseContentEncoding(value)).toEqual(codings);
});

test("x-gzip is gzip", () => {
  expect(knownCodings(["x-gzip", "deflate", "br", "zstd"])).toEqual(["gzip", "deflate", "br", "zstd"]);
});

test.each([
  [["gzip", "compress"], 'content-encoding "compress" is not supported'],
  [Array.from({ length: 5 }, () => "gzip"), "content-encoding names 5 codings, at most 4"],
])("%p cannot be undone", (codings, message) => {
  expect(() => knownCodings(codings)).toThrow(expect.objectContaining({ code: "unknown-coding", message }));
});
