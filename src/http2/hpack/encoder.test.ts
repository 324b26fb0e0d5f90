import { describe, expect, test } from "bun:test";
import type { FieldLines } from "../contract.ts";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";

const HEADERS: FieldLines = [":status", "200", "content-type", "application/grpc"];
const TRAILERS: FieldLines = ["grpc-status", "0"];

function decoded(decoder: HpackDecoder, block: Buffer): FieldLines {
  expect(decoder.decode(block, 0, block.length)).toBe("ok");
  return decoder.fields;
}

function hexOf(encoder: HpackEncoder, fields: FieldLines): string {
  return encoder.encode(fields).toString("hex");
}

describe("a list", () => {
  test("that is sent again becomes a few indices, remembered as they are", () => {
    const encoder = new HpackEncoder(4096);
    const decoder = new HpackDecoder(4096, 65_536);
    const lengths: number[] = [];
    for (let round = 0; round < 6; round++) {
      for (const fields of [HEADERS, TRAILERS]) {
        const block = encoder.encode(fields);
        lengths.push(block.length);
        expect(decoded(decoder, block)).toEqual(fields);
      }
    }
    expect(lengths.slice(4)).toEqual([2, 1, 2, 1, 2, 1, 2, 1]);
    expect(encoder.encode(HEADERS)).toBe(encoder.encode(HEADERS));
  });

  test("that is sent once leaves the table to those that repeat", () => {
    const encoder = new HpackEncoder(4096);
    const decoder = new HpackDecoder(4096, 65_536);
    for (let round = 0; round < 3; round++) decoded(decoder, encoder.encode(HEADERS));
    const remembered = encoder.encode(HEADERS);
    for (let count = 0; count < 1_000; count++) {
      const once = [":status", "200", "x-request-id", `${count}`, "grpc-message", `no ${count}`];
      expect(decoded(decoder, encoder.encode(once))).toEqual(once);
    }
    expect(encoder.encode(HEADERS)).toBe(remembered);
    expect(decoded(decoder, remembered)).toEqual(HEADERS);
  });

  test("stays right with more constant lists than are remembered", () => {
    const encoder = new HpackEncoder(4096);
    const decoder = new HpackDecoder(4096, 65_536);
    const lists = Array.from({ length: 30 }, (_, index) => [
      ":status",
      "200",
      `x-list-${index}`,
      "x".repeat(20 * index),
    ]);
    for (let round = 0; round < 5; round++) {
      for (const fields of lists) {
        for (let repeat = 0; repeat < 3; repeat++) expect(decoded(decoder, encoder.encode(fields))).toEqual(fields);
      }
    }
  });

  test("may hold every byte and a value longer than the scratch", () => {
    const allBytes = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
    const fields = ["x-bytes", allBytes, "x-long", "~".repeat(5_000)];
    expect(decoded(new HpackDecoder(4096, 65_536), new HpackEncoder(4096).encode(fields))).toEqual(fields);
  });
});

describe("the peer's table size", () => {
  test("0 keeps everything literal", () => {
    const encoder = new HpackEncoder(4096);
    encoder.setPeerTableBytes(0);
    const decoder = new HpackDecoder(0, 65_536);
    for (let round = 0; round < 4; round++) expect(decoded(decoder, encoder.encode(HEADERS))).toEqual(HEADERS);
    expect(hexOf(encoder, TRAILERS)).toBe(hexOf(encoder, TRAILERS));
  });

  test("is announced before the next block, the smallest first", () => {
    const encoder = new HpackEncoder(4096);
    encoder.setPeerTableBytes(100);
    encoder.setPeerTableBytes(50);
    encoder.setPeerTableBytes(8_192);
    expect(hexOf(encoder, [":status", "200"])).toBe(`${"3f13"}${"3fe11f"}88`);
    expect(hexOf(encoder, [":status", "200"])).toBe("88");
  });

  test("that shrinks evicts what was remembered", () => {
    const encoder = new HpackEncoder(4096);
    const decoder = new HpackDecoder(4096, 65_536);
    for (let round = 0; round < 4; round++) decoded(decoder, encoder.encode(HEADERS));
    encoder.setPeerTableBytes(0);
    for (let round = 0; round < 4; round++) expect(decoded(decoder, encoder.encode(HEADERS))).toEqual(HEADERS);
    encoder.setPeerTableBytes(4096);
    for (let round = 0; round < 4; round++) expect(decoded(decoder, encoder.encode(HEADERS))).toEqual(HEADERS);
    expect(encoder.encode(HEADERS).length).toBe(2);
  });

  test("that stays the same is not announced", () => {
    const encoder = new HpackEncoder(4096);
    encoder.setPeerTableBytes(65_536);
    expect(hexOf(encoder, [":status", "200"])).toBe("88");
  });
});
