/**
 * Building blocks for what a user may write as an option: each checks the notation, gives the value in its unit and
 * says what is wrong in words that complete the sentence "<key> …".
 */
import * as v from "valibot";
import { parseGoDuration } from "./go-duration.ts";

const durationPattern = "^\\+?(0|((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|ms|s|m|h))+)$";

/** The runtime's timers hold 31 bits: a longer one would fire at once. */
const maxTimerMs = 2_147_483_647;

/** A Go duration, e.g. "1m30s"; parsed to milliseconds. */
export function duration() {
  return v.pipe(
    v.string(),
    v.metadata({ title: "duration", pattern: durationPattern, examples: ["500ms", "4s", "1m30s"] }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const parsed = parseGoDuration(dataset.value);
      if ("ms" in parsed && parsed.ms <= maxTimerMs) return parsed.ms;
      addIssue({ message: "error" in parsed ? parsed.error : "must not be longer than 596h" });
      return NEVER;
    }),
  );
}

/** A Go duration that lasts; parsed to milliseconds. */
export function positiveDuration() {
  return v.pipe(
    duration(),
    v.check((ms) => ms > 0, "must be longer than 0"),
  );
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max = 2_147_483_647) {
  const range =
    max === 2_147_483_647 ? `must be a whole number, ${min} or more` : `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(), v.integer(range), v.minValue(min, range), v.maxValue(max, range));
}

/** A number of bytes, at most 1 GiB. */
export function byteCount(min: number) {
  return integer(min, 1_073_741_824);
}

/** A TCP port; 0 is any free one. */
export function port() {
  return integer(0, 65_535);
}

/**
 * The path of a file. A relative one starts at the folder of the configuration file; the parsed value is absolute.
 * "readable": the file must exist when the configuration is checked; "any": it may come into being later; "output": the
 * same, and "-" or "stdout" is standard output, "-" when parsed.
 */
export function filePath(presence: FilePresence) {
  return v.pipe(v.string(), v.nonEmpty("must not be empty"), v.metadata({ title: "file", [filePathKey]: presence }));
}

export const filePresences = ["readable", "any", "output"] as const;
export type FilePresence = (typeof filePresences)[number];

/** The metadata key by which the loader of the configuration knows file paths. */
export const filePathKey = "x-file-path";

/** A key of the reference that is accepted and does nothing here; `reason` completes "<key> has no effect here: …". */
export function withoutEffect(reason: string) {
  return v.optional(v.pipe(v.unknown(), v.metadata({ [withoutEffectKey]: reason })));
}

/** The metadata key by which the loader of the configuration knows them. */
export const withoutEffectKey = "x-without-effect";
