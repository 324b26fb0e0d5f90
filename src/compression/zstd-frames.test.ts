import { describe, expect, test } from "bun:test";
import { constants, zstdCompressSync } from "node:zlib";
import { ZstdFrames } from "./zstd-frames.ts";

const text = Buffer.from("to be or not to be, ".repeat(500));
const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index * 7919) >>> 8));
/** Magic, one byte each of descriptor and window, then a last block of run length: "a" forty times. */
const runLength = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x43, 0x01, 0x00, 0x61]);
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

const bodies: readonly (readonly [string, Buffer])[] = [
  ["one frame", zstdCompressSync(text)],
  ["a frame with a checksum", zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ["many blocks", zstdCompressSync(noise)],
  ["a frame without content", zstdCompressSync("")],
  ["a block of run length", runLength],
  ["a skippable frame", skippable],
  ["frames in sequence", Buffer.concat([skippable, zstdCompressSync(text), zstdCompressSync(noise), skippable])],
];

describe("frames of zstd", () => {
  test.each(bodies)("%s: complete at the end and nowhere else", (name, body) => {
    const frames = new ZstdFrames();
    const completeAt: number[] = [];
    for (let at = 0; at < body.length; at++) {
      frames.push(body.subarray(at, at + 1));
      if (frames.complete) completeAt.push(at + 1);
    }
    const ends = name === "frames in sequence" ? endsOfSequence() : [body.length];
    expect(completeAt).toEqual(ends);
  });

  test("chunks of any size give the same", () => {
    for (const [, body] of bodies) {
      for (const size of [2, 3, 7, 1000]) {
        const frames = new ZstdFrames();
        for (let at = 0; at < body.length; at += size) frames.push(body.subarray(at, at + size));
        expect(frames.complete).toBe(true);
      }
    }
  });

  test("what does not begin as a frame is no zstd; behind a frame it is trailing data", () => {
    expect(() => new ZstdFrames().push(Buffer.from("plain text"))).toThrow(
      expect.objectContaining({ code: "undecodable" }),
    );
    const frames = new ZstdFrames();
    frames.push(zstdCompressSync(text));
    expect(() => frames.push(Buffer.from("more"))).toThrow(expect.objectContaining({ code: "trailing-data" }));
  });
});

function endsOfSequence(): number[] {
  const lengths = [skippable.length, zstdCompressSync(text).length, zstdCompressSync(noise).length, skippable.length];
  return lengths.map((_, index) => lengths.slice(0, index + 1).reduce((sum, length) => sum + length, 0));
}
