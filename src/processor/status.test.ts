import { expect, test } from "bun:test";
import { whyNotReady } from "./status.ts";
import type { WorkerStatus } from "./worker-slot.ts";

function worker(state: WorkerStatus["state"]): WorkerStatus {
  return { index: 0, state, replacements: 0, function: null, triggers: [] };
}

test("traffic may come once started, as long as any worker serves", () => {
  expect(whyNotReady("starting", [worker("ready")])).toBe("Processor not ready yet");
  expect(whyNotReady("ready", [worker("waiting"), worker("ready")])).toBeNull();
  expect(whyNotReady("ready", [worker("waiting"), worker("starting")])).toBe("No worker is ready");
  expect(whyNotReady("draining", [worker("ready")])).toBe("Processor is draining");
});
