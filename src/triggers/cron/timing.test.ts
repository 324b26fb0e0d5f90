import { describe, expect, test } from "bun:test";
import { createClock, parseSchedule } from "./timing.ts";

const start = Date.parse("2026-11-21T15:00:30Z");

/** The next times, in UTC unless the schedule says otherwise; or what is wrong. */
function due(text: string, count = 3, from = start): string[] | string {
  const parsed = parseSchedule(text);
  if ("error" in parsed) return parsed.error;
  const { timing } = parsed;
  const inUtc = timing.kind === "schedule" && timing.timeZone === null ? { ...timing, timeZone: "UTC" } : timing;
  const clock = createClock(inUtc, from);
  const times: string[] = [];
  for (let time: number | null = from; times.length < count; times.push(new Date(time).toISOString())) {
    time = clock.nextAfter(time);
    if (time === null) break;
  }
  return times.map((time) => time.replace(/(:00)?\.000Z$/, ""));
}

describe("a schedule", () => {
  test.each<[string, string[]]>([
    ["*/5 * * * *", ["2026-11-21T15:05", "2026-11-21T15:10", "2026-11-21T15:15"]],
    ["5/15 * * * *", ["2026-11-21T15:05", "2026-11-21T15:20", "2026-11-21T15:35"]],
    ["10-20/5,40 * * * *", ["2026-11-21T15:10", "2026-11-21T15:15", "2026-11-21T15:20"]],
    ["*/20 * * * * *", ["2026-11-21T15:00:40", "2026-11-21T15:01", "2026-11-21T15:01:20"]],
    ["* * * * * *", ["2026-11-21T15:01", "2026-11-21T15:02", "2026-11-21T15:03"]],
    ["0 0 ? * MON", ["2026-11-23T00:00", "2026-11-30T00:00", "2026-12-07T00:00"]],
    ["0 0 1 * 1", ["2026-11-23T00:00", "2026-11-30T00:00", "2026-12-01T00:00"]],
    ["@hourly", ["2026-11-21T16:00", "2026-11-21T17:00", "2026-11-21T18:00"]],
    ["@Daily", ["2026-11-22T00:00", "2026-11-23T00:00", "2026-11-24T00:00"]],
    ["@weekly", ["2026-11-22T00:00", "2026-11-29T00:00", "2026-12-06T00:00"]],
    ["@monthly", ["2026-12-01T00:00", "2027-01-01T00:00", "2027-02-01T00:00"]],
    ["@yearly", ["2027-01-01T00:00", "2028-01-01T00:00", "2029-01-01T00:00"]],
    ["@every 90s", ["2026-11-21T15:02", "2026-11-21T15:03:30", "2026-11-21T15:05"]],
    ["TZ=Europe/Rome 0 9 * * *", ["2026-11-22T08:00", "2026-11-23T08:00", "2026-11-24T08:00"]],
    ["CRON_TZ=Asia/Kolkata @daily", ["2026-11-21T18:30", "2026-11-22T18:30", "2026-11-23T18:30"]],
  ])("%s", (text, expected) => {
    expect(due(text)).toEqual(expected);
  });

  test("in the hour that the clocks skip or repeat is due once", () => {
    const schedule = "TZ=Europe/Rome 30 2 * * *";
    expect(due(schedule, 2, Date.parse("2026-03-28T12:00:00Z"))).toEqual(["2026-03-29T01:00", "2026-03-30T00:30"]);
    expect(due(schedule, 2, Date.parse("2026-10-24T12:00:00Z"))).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
  });
});

describe("what is no schedule is said", () => {
  test.each<[string, string]>([
    ["61 * * * *", "Invalid value for minute: 61"],
    ["0 24 * * *", "Invalid value for hour: 24"],
    ["* * * *", "must have 5 fields (minute hour day month weekday), or 6 with the seconds first, not 4"],
    ["", "must have 5 fields (minute hour day month weekday), or 6 with the seconds first, not 0"],
    ["0 0 30 2 *", "is never due: there is no such day"],
    ["@hurly", 'has the unknown descriptor "@hurly": there are @yearly'],
    ["@every 5", 'has an interval that needs a unit: write "5s"'],
    ["@every 0s", "has an interval shorter than 1ms"],
    ["TZ=Europe/Roma 0 0 * * *", 'names the unknown time zone "Europe/Roma"'],
    ["TZ= 0 0 * * *", 'names the unknown time zone ""'],
  ])("%s", (text, expected) => {
    expect(due(text)).toContain(expected);
  });
});

test("an interval stays on the grid of its start, whenever it is asked", () => {
  const clock = createClock({ kind: "interval", intervalMs: 100 }, 1000);
  expect([0, 1000, 1050, 1100, 1999].map((time) => clock.nextAfter(time))).toEqual([1100, 1100, 1100, 1200, 2000]);
});
