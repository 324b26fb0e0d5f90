import { expect, test } from "bun:test";
import { RecentResets } from "./recent-resets.ts";

test("the latest streams are remembered, older ones forgotten", () => {
  const resets = new RecentResets();
  for (let id = 1; id <= 301; id += 1) resets.add(id);
  expect([resets.has(301), resets.has(46), resets.has(45), resets.has(302)]).toEqual([true, true, false, false]);
});
