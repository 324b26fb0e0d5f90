import { afterAll, afterEach, expect, jest, spyOn, test } from "bun:test";
import { startTicker, type Tick } from "./ticker.ts";
import { type Clock, createClock } from "./timing.ts";

const everySecond = createClock({ kind: "interval", intervalMs: 1000 }, 0);
let now = 0;
const clockSpy = spyOn(Date, "now").mockImplementation(() => now);

afterEach(() => void jest.useRealTimers());
afterAll(() => clockSpy.mockRestore());

/** Starts at 100 ms; each step lets the timers run for so long, with the clock going along or standing elsewhere. */
function play(times: Clock, steps: readonly { readonly ms: number; readonly clock?: number }[]): Tick[] {
  jest.useFakeTimers();
  now = 100;
  const ticks: Tick[] = [];
  const ticker = startTicker(times, (tick) => void ticks.push(tick));
  for (const { ms, clock } of steps) {
    now = clock ?? now + ms;
    jest.advanceTimersByTime(ms);
  }
  ticker.stop();
  now += 10_000;
  jest.advanceTimersByTime(10_000);
  return ticks;
}

test("every time comes once, and none after the end", () => {
  const ticks = play(everySecond, [{ ms: 899 }, { ms: 1 }, { ms: 1000 }, { ms: 999 }]);
  expect(ticks).toEqual([
    { due: 1000, missed: 0 },
    { due: 2000, missed: 0 },
  ]);
});

test("after a standstill the latest time comes, and the missed ones are counted", () => {
  expect(play(everySecond, [{ ms: 900, clock: 5500 }, { ms: 500 }])).toEqual([
    { due: 5000, missed: 4 },
    { due: 6000, missed: 0 },
  ]);
});

test("a clock that is set back does not hold up what is due by the new time", () => {
  const daily: Clock = { nextAfter: (time) => (time < 500 ? 1000 : 100_000) };
  expect(play(daily, [{ ms: 900 }, { ms: 30_000, clock: 200 }, { ms: 800 }])).toEqual([
    { due: 1000, missed: 0 },
    { due: 1000, missed: 0 },
  ]);
});
