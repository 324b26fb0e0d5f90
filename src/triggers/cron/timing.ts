/** When a cron trigger is due: reads what users write and computes the times. */
import { Cron } from "croner";
import { parseGoDuration } from "../go-duration.ts";

/** Plain data: it crosses to the worker. */
export type Timing =
  /** On a grid of this width. */
  | { readonly kind: "interval"; readonly intervalMs: number }
  /** `timeZone` null: the one of the machine. */
  | { readonly kind: "schedule"; readonly pattern: string; readonly timeZone: string | null };

/** Completes the sentence "schedule …". */
export type ParsedTiming = { readonly timing: Timing } | { readonly error: string };

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const example = 'such as "*/5 * * * *", "@hourly" or "@every 90s"';

/**
 * Five fields, or six with the seconds first; a descriptor; `@every` and a duration. `TZ=` or `CRON_TZ=` may stand before it.
 * With six fields a `*` for the seconds is 0, as in Nuclio: otherwise who adds a field would be called sixty times as often.
 */
export function parseSchedule(text: string): ParsedTiming {
  const [, timeZone = null, rest = ""] = /^\s*(?:(?:CRON_)?TZ=(\S*)\s+)?(.*?)\s*$/su.exec(text) ?? [];
  if (timeZone !== null && !isTimeZone(timeZone)) return { error: whyNoTimeZone(timeZone) };
  const [, every] = /^@every\s+(.*)$/u.exec(rest) ?? [];
  if (every !== undefined) return parseEvery(every);
  if (rest.startsWith("@")) {
    const pattern = descriptors[rest.toLowerCase()];
    if (pattern !== undefined) return { timing: { kind: "schedule", pattern, timeZone } };
    return {
      error: `has the unknown descriptor "${rest}": there are ${Object.keys(descriptors).join(", ")} and @every`,
    };
  }
  const fields = rest.split(/\s+/u);
  if (rest === "" || fields.length < 5 || fields.length > 6) {
    const count = rest === "" ? 0 : fields.length;
    return {
      error: `must have 5 fields (minute hour day month weekday), or 6 with the seconds first, not ${count}: ${example}`,
    };
  }
  if (fields.length === 6 && fields[0] === "*") fields[0] = "0";
  const pattern = fields.join(" ");
  const reason = whyNoPattern(pattern);
  return reason === null ? { timing: { kind: "schedule", pattern, timeZone } } : { error: reason };
}

/** Null when it is one. */
export function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

export function whyNoTimeZone(name: string): string {
  return `names the unknown time zone "${name}": write one such as "Europe/Rome" or "UTC"`;
}

export interface Clock {
  /** The first time after this one, both in ms since the epoch; null when there is none any more. */
  nextAfter(time: number): number | null;
}

/** @param startedAt Where the grid of an interval begins: its first time is one interval later. */
export function createClock(timing: Timing, startedAt: number): Clock {
  if (timing.kind === "interval") {
    const { intervalMs } = timing;
    return {
      nextAfter: (time) => startedAt + Math.max(1, Math.floor((time - startedAt) / intervalMs) + 1) * intervalMs,
    };
  }
  const cron = openPattern(timing.pattern, timing.timeZone);
  return { nextAfter: (time) => cron.nextRun(new Date(time))?.getTime() ?? null };
}

function parseEvery(text: string): ParsedTiming {
  const parsed = parseGoDuration(text);
  if ("error" in parsed) return { error: `has an interval that ${parsed.error}` };
  if (parsed.ms < shortestIntervalMs) return { error: "has an interval shorter than 1ms" };
  return { timing: { kind: "interval", intervalMs: parsed.ms } };
}

export const shortestIntervalMs = 1;

function openPattern(pattern: string, timeZone: string | null): Cron {
  return new Cron(pattern, {
    paused: true,
    mode: "5-or-6-parts",
    // "5/15" is from the fifth on to every quarter of an hour for Nuclio's users.
    sloppyRanges: true,
    ...(timeZone !== null && { timezone: timeZone }),
  });
}

function whyNoPattern(pattern: string): string | null {
  try {
    if (openPattern(pattern, null).nextRun() !== null) return null;
    return "is never due: there is no such day";
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^Cron\w+: /u, "");
    return `is no schedule ${example}: ${reason}`;
  }
}
