/** The bodies of the matrix: what they hold and how they travel. */
import { randomFillSync } from "node:crypto";
import type { FieldLine } from "../../support/http1.ts";

const MiB = 1_048_576;

/** `empty` is chunked without a chunk (an empty DATA frame); `none` has nothing at all. */
const lengths = {
  none: 0,
  empty: 0,
  "1 B": 1,
  "64 KiB": 65_536,
  "1 MiB": MiB,
  "8 MiB": 8 * MiB,
  chunked: 200_003,
  trailers: 100_001,
} as const;

export type BodyShape = keyof typeof lengths;
export const bodyShapes = Object.keys(lengths) as BodyShape[];

const random = randomFillSync(Buffer.alloc(8 * MiB));
const randomFlipped = Buffer.from(random.map((byte) => byte ^ 0x20));
const trailers: readonly FieldLine[] = [["x-trailer", "last"]];

export function contentOf(shape: BodyShape): Buffer {
  return random.subarray(0, lengths[shape]);
}

/** The content as the function's transformation leaves it. */
export function flipped(content: Buffer): Buffer {
  return randomFlipped.subarray(0, content.length);
}

export function trailersOf(shape: BodyShape): readonly FieldLine[] {
  return shape === "trailers" ? trailers : [];
}

/** Whole bodies have a content-length, the others come piece by piece. */
export function bodyToSend(shape: BodyShape): Buffer | AsyncIterable<Uint8Array> | undefined {
  switch (shape) {
    case "none":
      return undefined;
    case "empty":
      return pieces([]);
    case "chunked":
      return pieces(split(contentOf(shape), [1, 16_383, 16_384, 65_536]));
    case "trailers":
      return pieces(split(contentOf(shape), [30_000]));
    default:
      return contentOf(shape);
  }
}

function split(content: Buffer, sizes: readonly number[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < content.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    found.push(content.subarray(at, at + size));
    at += size;
  }
  return found;
}

async function* pieces(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield part;
    await Bun.sleep(1);
  }
}
