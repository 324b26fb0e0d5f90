/** Percentiles of durations. */

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Nearest rank, in the unit of the samples; NaN when there are none. Sorts in place. */
export function percentilesOf(samples: number[]): Percentiles {
  samples.sort((left, right) => left - right);
  const rank = (share: number): number => samples[Math.max(0, Math.ceil(samples.length * share) - 1)] ?? Number.NaN;
  return { p50: rank(0.5), p99: rank(0.99) };
}

export function medianOf(samples: readonly number[]): number {
  return percentilesOf([...samples]).p50;
}
