/** Waits for the times of a clock. */
import type { Clock } from "./timing.ts";

/** A time that came; `missed` times before it went by while this thread or the machine stood still. */
export interface Tick {
  /** In ms since the epoch. */
  readonly due: number;
  readonly missed: number;
}

export interface Ticker {
  /** When the function is called next, in ms since the epoch; null: never again. */
  readonly next: number | null;
  stop(): void;
}

/** Timers know nothing of a clock that is set or a machine that sleeps: the time is looked at this often. */
const longestSleepMs = 30_000;
/** Beyond this many the missed ones are not counted one by one. */
const countedMisses = 1000;

export function startTicker(clock: Clock, onTick: (tick: Tick) => void): Ticker {
  let lookedAt = Date.now();
  let next = clock.nextAfter(lookedAt);
  let timer = sleep();

  function sleep(): Timer | undefined {
    if (next === null) return undefined;
    return setTimeout(look, Math.min(longestSleepMs, Math.max(0, next - Date.now())));
  }

  function look(): void {
    const now = Date.now();
    // Set back: what was computed may be far off.
    if (now < lookedAt) next = clock.nextAfter(now);
    lookedAt = now;
    if (next !== null && next <= now) {
      const tick = latest(clock, next, now);
      next = clock.nextAfter(Math.max(now, tick.due));
      onTick(tick);
    }
    timer = sleep();
  }

  return {
    get next() {
      return next;
    },
    stop() {
      next = null;
      clearTimeout(timer);
    },
  };
}

function latest(clock: Clock, first: number, now: number): Tick {
  let due = first;
  let missed = 0;
  for (let next = clock.nextAfter(due); next !== null && next <= now; next = clock.nextAfter(due)) {
    due = next;
    if (++missed === countedMisses) break;
  }
  return { due, missed };
}
