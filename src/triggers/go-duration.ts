/** Durations as Go writes them ("1h2m3.5s", "500ms"): the notation of every duration in the configuration. */

export type ParsedDuration = { readonly ms: number } | { readonly error: string };

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A day over 292 years: the longest Go can hold is 2^63-1 ns. */
const maxMs = 9_223_372_036_854;

/**
 * Milliseconds of a Go duration (Go's `time.ParseDuration`). Fractions of a millisecond are kept.
 * Negative durations and a number without unit (except 0) are errors that say what to write instead.
 */
export function parseGoDuration(text: string): ParsedDuration {
  if (text === "0") return { ms: 0 };
  if (/^\d+(\.\d+)?$/.test(text)) return { error: `needs a unit: write "${text}s" or "${text}ms"` };
  if (text.startsWith("-")) return { error: "must not be negative" };
  const unsigned = text.startsWith("+") ? text.slice(1) : text;
  const part = /(\d+\.?\d*|\.\d+)([a-zµμ]+)/gy;
  let ms = 0;
  let end = 0;
  for (let match = part.exec(unsigned); match !== null; match = part.exec(unsigned)) {
    const [whole, amount, unit] = match;
    const factor = unitMs[unit ?? ""];
    if (factor === undefined) return { error: `has the unknown unit "${unit}": use ms, s, m or h` };
    ms += Number(amount) * factor;
    end += whole.length;
  }
  if (end === 0 || end !== unsigned.length) return { error: 'is not a duration such as "500ms", "5s" or "1m30s"' };
  if (ms > maxMs) return { error: "is longer than a duration can be" };
  return { ms };
}
