/** Compares what a run of the matrix saw with what it should have seen. */
import { type Setting, expectedOutcomes, nameOf } from "./cells.ts";
import type { LaneCounters, Result } from "./run.ts";

/** A line for each cell that went otherwise. */
export function complaintsAbout(results: readonly Result[], setting: Setting = "friendly"): string[] {
  return results
    .filter(
      ({ cell, outcome }) => !expectedOutcomes(cell, setting).some((expected) => Bun.deepEquals(expected, outcome)),
    )
    .map(({ cell, outcome }) => {
      const expected = expectedOutcomes(cell, setting).map((one) => JSON.stringify(one));
      return `${nameOf(cell)}: ${JSON.stringify(outcome)} instead of ${expected.join(" or ")}`;
    });
}

/** A line for each listener whose counters Envoy moved without need. */
export function countersComplaints(lanes: readonly LaneCounters[]): string[] {
  return lanes.flatMap(({ lane, counters }) => {
    const expected = {
      streams_failed: 0,
      spurious_msgs_received: 0,
      message_timeouts: 0,
      rejected_header_mutations: 0,
    };
    return Bun.deepEquals(counters, expected) ? [] : [`${lane}: ${JSON.stringify(counters)}`];
  });
}
