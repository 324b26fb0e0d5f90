import { expect, test } from "bun:test";
import { encodeMetadata, ReceivedMetadata } from "./metadata.ts";
import { encodeStatusMessage } from "./status-fields.ts";

test("metadata is read in arrival order, without pseudo headers", () => {
  const metadata = new ReceivedMetadata([":path", "/a/b", "x-a", "1", "x-b", "2", "x-a", "3"]);
  expect([...metadata.entries()]).toEqual([
    ["x-a", "1"],
    ["x-b", "2"],
    ["x-a", "3"],
  ]);
  expect([metadata.get("x-a"), metadata.getAll("x-a"), metadata.get("x-c")]).toEqual(["1", ["1", "3"], undefined]);
});

test("binary values are read with and without padding, also joined by commas", () => {
  const metadata = new ReceivedMetadata(["x-bin", "AQ==, Ag", "x-bin", "AwQ", "y-bin", ""]);
  expect(metadata.getBinary("x-bin").map((bytes) => [...bytes])).toEqual([[1], [2], [3, 4]]);
  expect(metadata.getBinary("y-bin").map((bytes) => [...bytes])).toEqual([[]]);
});

test("binary values survive both ways", () => {
  for (let length = 0; length < 10; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 250 + i);
    const metadata = new ReceivedMetadata(encodeMetadata([["k-bin", bytes]]));
    expect(metadata.getBinary("k-bin").map((value) => [...value])).toEqual([[...bytes]]);
  }
});

test("status messages keep printable ASCII and encode the rest", () => {
  const cases = { "plain text ~!": "plain text ~!", "50%": "50%25", "a\tb\u007f": "a%09b%7F", "ü☺": "%C3%BC%E2%98%BA" };
  expect(Object.keys(cases).map(encodeStatusMessage)).toEqual(Object.values(cases));
});

test("status messages are cut where headers would grow too long", () => {
  expect(encodeStatusMessage("a".repeat(100_000))).toBe(`${"a".repeat(2048)}%E2%80%A6`);
});
