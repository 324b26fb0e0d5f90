/** Repeatable randomness for property tests: the same seed gives the same run on every machine. */

export interface SeededRandom {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  bigint64(): bigint;
  bytes(length: number): Uint8Array;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

/** A xorshift generator of 32 bits. */
export function seededRandom(seed: number): SeededRandom {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  const bits = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
  const next = (): number => bits() / 0x1_0000_0000;
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    bigint64: () => (BigInt(bits()) << 32n) | BigInt(bits()),
    bytes: (length) => Uint8Array.from({ length }, () => bits() & 0xff),
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}
