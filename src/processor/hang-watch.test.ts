import { expect, test } from "bun:test";
import { ControlWord } from "../worker/contract.ts";
import { chooseBeatInterval, watchBeats } from "./hang-watch.ts";

function newControl() {
  return new Int32Array(new SharedArrayBuffer(8));
}

test("signs of life come often enough for the limit", () => {
  expect([50, 300, 2000, 60_000].map(chooseBeatInterval)).toEqual([10, 30, 100, 100]);
});

test("silence is noticed once, soon after the limit", async () => {
  const noticed: number[] = [];
  const first = Promise.withResolvers<void>();
  const watch = watchBeats(newControl(), 10, 60, (silentMs) => {
    noticed.push(silentMs);
    first.resolve();
  });
  await first.promise;
  await Bun.sleep(100);
  watch.stop();
  expect(noticed).toHaveLength(1);
  // A check adds at most two intervals, however late it comes.
  expect(noticed[0]).toBeGreaterThanOrEqual(60);
  expect(noticed[0]).toBeLessThan(80);
});

test("a thread that gives signs of life is left alone", async () => {
  const control = newControl();
  let noticed = 0;
  const beat = setInterval(() => Atomics.add(control, ControlWord.beats, 1), 10);
  const watch = watchBeats(control, 10, 100, () => noticed++);
  await Bun.sleep(250);
  watch.stop();
  clearInterval(beat);
  expect(noticed).toBe(0);
});

test("time in which the watching thread was held up itself proves nothing", async () => {
  let noticed = 0;
  const watch = watchBeats(newControl(), 10, 100, () => noticed++);
  await Bun.sleep(20);
  Bun.sleepSync(300);
  await Bun.sleep(15);
  watch.stop();
  expect(noticed).toBe(0);
});
