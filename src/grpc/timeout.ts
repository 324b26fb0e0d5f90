/** The `grpc-timeout` header: at most eight digits and a unit. */

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

const PATTERN = /^([0-9]{1,8})([HMSmun])$/;

/** Milliseconds, with fractions; null when the text is no timeout. */
export function parseTimeout(text: string): number | null {
  const match = PATTERN.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ""];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}
