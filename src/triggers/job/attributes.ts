/** What a user may write under `attributes` of a job trigger, and what the trigger gets of it. */
import * as v from "valibot";
import type { TriggerInfo } from "../../event/contract.ts";
import { type EventTemplate, eventOption } from "../event-options.ts";
import { duration, filePath, integer, positiveDuration } from "../option-types.ts";

/** Times in ms, defaults filled in. Plain data. */
export interface JobAttributes {
  readonly event: EventTemplate;
  /** Longest time of one attempt; null: no limit. */
  readonly timeoutMs: number | null;
  readonly retries: { readonly max: number; readonly backOffMs: number; readonly maxBackOffMs: number };
  /** "-": standard output. Null: the result is not kept. */
  readonly resultFile: string | null;
  readonly gracefulShutdownTimeoutMs: number;
  /** The trigger the event says it comes from, where a job stands in for another one; null: this one. */
  readonly comesFrom: TriggerInfo | null;
}

const retries = v.pipe(
  v.object({
    max: v.optional(v.pipe(integer(0, 1000), v.description("Attempts after the first failed one.")), 0),
    backoff: v.optional(
      v.pipe(duration(), v.description("Pause before the first retry; each further one is twice as long.")),
      "1s",
    ),
    maxBackoff: v.optional(v.pipe(duration(), v.description("The longest pause.")), "5m"),
  }),
  v.description("What becomes of a job that failed; one that was cancelled is not tried again."),
);

const resultFile = v.pipe(
  filePath("output"),
  v.description(
    "Where the body of a successful result is kept: a file, which is replaced at once, or `-` for standard output, which the log then leaves to it.",
  ),
);

export const jobAttributes: v.GenericSchema<unknown, JobAttributes> = v.pipe(
  v.object({
    event: v.optional(eventOption(), {}),
    timeout: v.optional(v.pipe(positiveDuration(), v.description("Longest time of one attempt. Absent: no limit."))),
    retries: v.optional(retries, {}),
    resultFile: v.optional(resultFile),
    gracefulShutdownTimeout: v.optional(
      v.pipe(
        duration(),
        v.description("Time the function has to clean up after SIGTERM or `timeout`, before it is cut off."),
      ),
      "10s",
    ),
  }),
  v.transform((written): JobAttributes => ({
    event: written.event,
    timeoutMs: written.timeout ?? null,
    retries: {
      max: written.retries.max,
      backOffMs: written.retries.backoff,
      maxBackOffMs: written.retries.maxBackoff,
    },
    resultFile: written.resultFile ?? null,
    gracefulShutdownTimeoutMs: written.gracefulShutdownTimeout,
    comesFrom: null,
  })),
);
