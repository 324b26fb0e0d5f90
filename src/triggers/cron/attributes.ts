/** What a user may write under `attributes` of a cron trigger, and what the trigger gets of it. */
import * as v from "valibot";
import { type EventTemplate, eventOption } from "../event-options.ts";
import { duration, integer, positiveDuration } from "../option-types.ts";
import { isTimeZone, parseSchedule, type Timing, whyNoTimeZone } from "./timing.ts";

/** What happens to a run that is due while another one still runs. */
export type ConcurrencyPolicy = "Allow" | "Forbid" | "Replace";

/** Times in ms, defaults filled in. Plain data. */
export interface CronAttributes {
  readonly timing: Timing;
  readonly event: EventTemplate;
  readonly concurrencyPolicy: ConcurrencyPolicy;
  /** How late a run may begin; null: as late as it gets. */
  readonly startingDeadlineMs: number | null;
  readonly gracefulShutdownTimeoutMs: number;
}

const schedule = v.pipe(
  v.string(),
  v.metadata({
    title: "schedule",
    examples: ["*/5 * * * *", "0 30 6 * * MON-FRI", "@hourly", "TZ=Europe/Rome 0 6 * * *"],
  }),
  v.description(
    "Minute, hour, day, month and weekday, with the seconds before them if there are six fields; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, `@every 90s`. `TZ=Europe/Rome ` may stand before it.",
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }): Timing => {
    const parsed = parseSchedule(dataset.value);
    if ("timing" in parsed) return parsed.timing;
    addIssue({ message: parsed.error });
    return NEVER;
  }),
);

const timezone = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && !isTimeZone(dataset.value)) addIssue({ message: whyNoTimeZone(dataset.value) });
  }),
  v.description("Where the schedule's hours are meant, e.g. `Europe/Rome`. Absent: where the machine is."),
);

const written = v.object({
  interval: v.optional(
    v.pipe(
      positiveDuration(),
      v.check((ms) => ms >= 1, "must not be shorter than 1ms"),
      v.description("Time from one run to the next, on a grid that begins with the process. Goes before `schedule`."),
    ),
  ),
  schedule: v.optional(schedule),
  timezone: v.optional(timezone),
  event: v.optional(eventOption(), {}),
  concurrencyPolicy: v.optional(
    v.pipe(
      v.picklist(["Allow", "Forbid", "Replace"]),
      v.description(
        "What happens to a run that is due while another still runs: `Forbid` skips it, `Replace` cancels the other, `Allow` runs both.",
      ),
    ),
    "Forbid",
  ),
  startingDeadlineSeconds: v.optional(
    v.pipe(
      integer(0),
      v.description(
        "A run that is later than this is skipped; one that `Forbid` held up begins as long as it is not. Absent: a late run begins whenever it can, a held up one never.",
      ),
    ),
  ),
  gracefulShutdownTimeout: v.optional(
    v.pipe(duration(), v.description("Time a run has to end by itself after SIGTERM, before it is cut off.")),
    "10s",
  ),
});

export const cronAttributes: v.GenericSchema<unknown, CronAttributes> = v.pipe(
  written,
  v.forward(
    v.partialCheck(
      [["interval"], ["schedule"]],
      (given) => given.interval !== undefined || given.schedule !== undefined,
      'is missing: write when the function is called, as in "*/5 * * * *", or an interval',
    ),
    ["schedule"],
  ),
  v.forward(
    v.partialCheck(
      [["schedule"], ["timezone"]],
      (given) =>
        given.timezone === undefined || given.schedule?.kind !== "schedule" || given.schedule.timeZone === null,
      "is given twice: the schedule begins with another one",
    ),
    ["timezone"],
  ),
  v.transform((given): CronAttributes => ({
    timing: chooseTiming(given),
    event: given.event,
    concurrencyPolicy: given.concurrencyPolicy,
    startingDeadlineMs: given.startingDeadlineSeconds === undefined ? null : given.startingDeadlineSeconds * 1000,
    gracefulShutdownTimeoutMs: given.gracefulShutdownTimeout,
  })),
);

function chooseTiming({ interval, schedule: chosen, timezone: timeZone }: v.InferOutput<typeof written>): Timing {
  if (interval !== undefined) return { kind: "interval", intervalMs: interval };
  if (chosen === undefined) throw new Error("the check above refuses this");
  return chosen.kind === "schedule" && timeZone !== undefined ? { ...chosen, timeZone } : chosen;
}
