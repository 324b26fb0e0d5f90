/** Seeded mutations of valid bodies: whatever comes, a typed failure or a body within the limits, in bounded time. */
import { describe, expect, test } from "bun:test";
import { codingNames, encodeSync, sampleText, streamOf } from "./bodies.test-support.ts";
import { CodingError, type DecodeResult } from "./contract.ts";
import { decodeBody } from "./decode-body.ts";
import { decodeStream } from "./decode-stream.ts";
import { encodeStream } from "./encode-stream.ts";

const limits = { maxBytes: 50_000, maxExpansionRatio: 100 };
const rounds = 150;

/** A linear congruential generator: the same seed gives the same run everywhere. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function mutate(bytes: Uint8Array, below: (limit: number) => number): Uint8Array {
  let mutated = Buffer.from(bytes);
  for (let changes = 1 + below(3); changes > 0 && mutated.length > 0; changes--) {
    const at = below(mutated.length);
    switch (below(4)) {
      case 0:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        mutated = mutated.subarray(0, at);
        break;
      case 2:
        mutated = Buffer.concat([mutated.subarray(0, at), Buffer.alloc(below(20), below(256)), mutated.subarray(at)]);
        break;
      default:
        mutated = Buffer.concat([mutated, mutated.subarray(at)]);
    }
  }
  return mutated;
}

async function decodeByChunks(
  bytes: Uint8Array,
  codings: readonly string[],
  chunkBytes: number,
): Promise<DecodeResult> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    for await (const chunk of decodeStream(streamOf(bytes, chunkBytes).stream, codings, limits)) {
      received += chunk.length;
      if (received > limits.maxBytes) throw new Error("more than the limit was handed on");
      chunks.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof CodingError)) throw error;
    return { failure: error.code, message: error.message };
  }
  return { body: Buffer.concat(chunks) };
}

describe("mutated bodies", () => {
  test.each(codingNames)("%s: whole and streamed agree, and never exceed the limits", async (coding) => {
    const below = randomFrom(coding.length * 7919);
    let failures = 0;
    for (let round = 0; round < rounds; round++) {
      const bytes = mutate(encodeSync[coding](sampleText(below(60_000))), below);
      const whole = await decodeBody(bytes, [coding], limits);
      const streamed = await decodeByChunks(bytes, [coding], 1 + below(bytes.length + 1));
      expect("body" in streamed).toBe("body" in whole);
      if ("body" in whole && "body" in streamed) {
        expect(whole.body.length).toBeLessThanOrEqual(limits.maxBytes);
        expect(Buffer.compare(streamed.body, whole.body)).toBe(0);
      } else failures++;
    }
    expect(failures).toBeGreaterThan(rounds / 2);
  });

  test("random stacks, sizes and chunks survive the way there and back", async () => {
    const below = randomFrom(42);
    for (let round = 0; round < 60; round++) {
      const body = sampleText(below(40_000));
      const codings = Array.from({ length: below(4) }, () => codingNames[below(codingNames.length)] ?? "gzip");
      const flush = below(2) === 0 ? "each-chunk" : "end";
      const encoded = encodeStream(streamOf(body, 1 + below(10_000)).stream, codings, { flush });
      const decoded = decodeStream(encoded, codings, { maxBytes: 1 << 20, maxExpansionRatio: 1000 });
      const chunks: Uint8Array[] = [];
      for await (const chunk of decoded) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(body)).toBe(true);
    }
  });
});
