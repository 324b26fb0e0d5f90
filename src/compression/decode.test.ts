/** What holds for whole bodies and streams alike is tested on both. */
import { describe, expect, test } from "bun:test";
import * as zlib from "node:zlib";
import { codingNames, collect, encodeSync, generousLimits, sampleText, streamOf } from "./bodies.test-support.ts";
import { CodingError, type DecodeLimits, type DecodeResult } from "./contract.ts";
import { decodeBody } from "./decode-body.ts";
import { decodeStream } from "./decode-stream.ts";

type Decode = (bytes: Uint8Array, codings: readonly string[], limits?: DecodeLimits) => Promise<DecodeResult>;

function decodeInChunks(chunkBytes: number): Decode {
  return async (bytes, codings, limits = generousLimits) => {
    try {
      return { body: await collect(decodeStream(streamOf(bytes, chunkBytes).stream, codings, limits)) };
    } catch (error) {
      if (!(error instanceof CodingError)) throw error;
      return { failure: error.code, message: error.message };
    }
  };
}

const ways: readonly (readonly [string, Decode])[] = [
  ["whole", (bytes, codings, limits = generousLimits) => decodeBody(bytes, codings, limits)],
  ["in one chunk", decodeInChunks(1 << 26)],
  ["in chunks of 64 KiB", decodeInChunks(65_536)],
  ["in chunks of 7 bytes", decodeInChunks(7)],
];
const byByte = decodeInChunks(1);

const small = sampleText(3_000);
const large = sampleText(300_000);

function text(result: DecodeResult): string {
  return "body" in result ? Buffer.from(result.body).toString("latin1") : result.message;
}

describe.each(ways)("decoding %s", (_way, decode) => {
  test.each(codingNames)("%s gives what was coded", async (coding) => {
    expect(text(await decode(encodeSync[coding](small), [coding]))).toBe(small.toString());
    expect(text(await decode(encodeSync[coding](large), [coding]))).toBe(large.toString());
  });

  test("deflate without the zlib format is taken too", async () => {
    expect(text(await decode(zlib.deflateRawSync(small), ["deflate"]))).toBe(small.toString());
  });

  test("stacked codings are undone last to first", async () => {
    const coded = encodeSync.zstd(encodeSync.br(encodeSync.deflate(encodeSync.gzip(small))));
    expect(text(await decode(coded, ["gzip", "deflate", "br", "zstd"]))).toBe(small.toString());
  });

  test.each(codingNames)("an empty body stays empty under %s", async (coding) => {
    expect(await decode(new Uint8Array(0), [coding, "gzip"])).toEqual({ body: Buffer.alloc(0) });
  });

  test.each(codingNames)("an empty text coded in %s is an empty body", async (coding) => {
    expect(text(await decode(encodeSync[coding](Buffer.alloc(0)), [coding]))).toBe("");
  });

  test.each(["gzip", "zstd"] as const)("members of %s in sequence are one body", async (coding) => {
    const coded = Buffer.concat([encodeSync[coding](small), encodeSync[coding](large), encodeSync[coding](small)]);
    expect(text(await decode(coded, [coding]))).toBe(small.toString() + large.toString() + small.toString());
  });

  test.each(codingNames)("%s cut short is no shorter body but truncated", async (coding) => {
    const coded = encodeSync[coding](small);
    const truncated = { failure: "truncated", message: expect.stringContaining("ends before its") };
    for (const cut of [1, 2, 5, coded.length >> 1, coded.length - 3]) {
      expect(await decode(coded.subarray(0, coded.length - cut), [coding])).toMatchObject(truncated);
    }
  });

  test("a second member cut short is truncated", async () => {
    for (const coding of ["gzip", "zstd"] as const) {
      const coded = Buffer.concat([encodeSync[coding](small), encodeSync[coding](small).subarray(0, -3)]);
      expect(await decode(coded, [coding])).toMatchObject({ failure: "truncated" });
    }
  });

  test.each(["deflate", "br", "zstd"] as const)("bytes behind the end of %s are refused", async (coding) => {
    const coded = Buffer.concat([encodeSync[coding](small), Buffer.from("and more")]);
    expect(await decode(coded, [coding])).toMatchObject({ failure: "trailing-data" });
  });

  test("behind gzip zeros are trailing data, other bytes a broken member", async () => {
    const coded = encodeSync.gzip(small);
    expect(await decode(Buffer.concat([coded, Buffer.alloc(9)]), ["gzip"])).toMatchObject({ failure: "trailing-data" });
    const broken = await decode(Buffer.concat([coded, Buffer.from("and more")]), ["gzip"]);
    expect(broken).toMatchObject({ failure: "undecodable" });
  });

  test.each(["gzip", "deflate", "br", "zstd"] as const)("text under the name of %s is undecodable", async (coding) => {
    const result = await decode(Buffer.from("this is plain text, not coded at all"), [coding]);
    expect(result).toMatchObject({ failure: "undecodable", message: expect.stringContaining(`not valid ${coding}`) });
  });

  test("a coding taken for another is undecodable", async () => {
    expect(await decode(encodeSync.zstd(small), ["gzip"])).toMatchObject({ failure: "undecodable" });
    expect(await decode(encodeSync.gzip(small), ["zstd"])).toMatchObject({ failure: "undecodable" });
  });

  test("a checksum that does not fit is undecodable", async () => {
    const coded = encodeSync.gzip(small);
    coded.writeUInt32LE((coded.readUInt32LE(coded.length - 8) ^ 1) >>> 0, coded.length - 8);
    expect(await decode(coded, ["gzip"])).toMatchObject({ failure: "undecodable" });
  });

  test("a zstd window over 8 MiB is refused", async () => {
    const params = { [zlib.constants.ZSTD_c_windowLog]: 25 };
    const coded = zlib.zstdCompressSync(Buffer.alloc(40_000_000), { params });
    expect(await decode(coded, ["zstd"])).toMatchObject({ failure: "undecodable" });
  });
});

test.each(codingNames)("%s decodes byte by byte", async (coding) => {
  expect(text(await byByte(encodeSync[coding](small), [coding]))).toBe(small.toString());
});

test("without codings a whole body is returned as it is, without copying", async () => {
  const result = await decodeBody(small, [], generousLimits);
  expect("body" in result && result.body).toBe(small);
});

test("an unknown coding is refused before anything is read", async () => {
  const { stream, pulled } = streamOf(small, 100);
  expect(() => decodeStream(stream, ["compress"], generousLimits)).toThrow(
    expect.objectContaining({ code: "unknown-coding", message: 'content-encoding "compress" is not supported' }),
  );
  expect(pulled()).toBe(0);
  expect(stream.locked).toBe(false);
  expect(await decodeBody(small, ["compress"], generousLimits)).toMatchObject({ failure: "unknown-coding" });
});

describe("limits of decoding", () => {
  const limits = { maxBytes: 200_000, maxExpansionRatio: 100 };

  test.each(codingNames)(
    "%s may become exactly the limit and not a byte more",
    async (coding) => {
      for (const [, decode] of ways) {
        const exact = sampleText(limits.maxBytes);
        expect(text(await decode(encodeSync[coding](exact), [coding], limits))).toBe(exact.toString());
        const over = Buffer.concat([exact, Buffer.from("x")]);
        expect(await decode(encodeSync[coding](over), [coding], limits)).toEqual({
          failure: "too-large",
          message: expect.stringContaining("is larger than 200000 bytes"),
        });
      }
    },
    20_000,
  );

  test.each(["gzip", "deflate", "br", "zstd"] as const)("a bomb of %s is stopped by the ratio", async (coding) => {
    const bomb = encodeSync[coding](Buffer.alloc(32 * 1024 * 1024));
    const ratio = { maxBytes: 1 << 30, maxExpansionRatio: 20 };
    for (const decode of [decodeBody, decodeInChunks(65_536)]) {
      expect(await decode(bomb, [coding], ratio)).toEqual({
        failure: "too-large",
        message: `the body decoded of ${coding} is larger than 20 times what was sent`,
      });
    }
  });

  test("the ratio counts over all codings together", async () => {
    const once = encodeSync.gzip(Buffer.alloc(8 * 1024 * 1024));
    const twice = encodeSync.gzip(once);
    const ratio = { maxBytes: 1 << 30, maxExpansionRatio: 1_100 };
    expect(await decodeBody(once, ["gzip"], ratio)).toHaveProperty("body");
    expect(await decodeBody(twice, ["gzip", "gzip"], ratio)).toMatchObject({ failure: "too-large" });
    expect(await decodeInChunks(65_536)(once, ["gzip"], ratio)).toHaveProperty("body");
    expect(await decodeInChunks(65_536)(twice, ["gzip", "gzip"], ratio)).toMatchObject({ failure: "too-large" });
  });

  test("up to 1 MiB any ratio is fine", async () => {
    const coded = encodeSync.br(Buffer.alloc(1024 * 1024));
    const ratio = { maxBytes: 1 << 30, maxExpansionRatio: 1 };
    expect(await decodeBody(coded, ["br"], ratio)).toHaveProperty("body");
    expect(await decodeInChunks(65_536)(coded, ["br"], ratio)).toHaveProperty("body");
  });
});
