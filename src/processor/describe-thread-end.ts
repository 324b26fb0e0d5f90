/** Puts into words why a worker thread was lost. */
import type { StartProblem } from "../worker/contract.ts";
import type { ThreadLoss } from "./worker-thread.ts";

export function describeThreadEnd(end: ThreadLoss): StartProblem {
  switch (end.cause) {
    case "start":
      return end.problem;
    case "hang": {
      const busy = `kept its thread busy for ${(end.silentMs / 1000).toFixed(1)} s without a pause`;
      if (end.loading) return { code: "HANG", setting: null, message: `the function ${busy} while it was loaded` };
      return { code: "HANG", setting: "spec.hangTimeout", message: `the function ${busy} (spec.hangTimeout)` };
    }
    case "exit": {
      const message = end.code === null ? "the thread ended" : `the function called process.exit(${end.code})`;
      return { code: "EXIT", setting: null, message };
    }
    case "error": {
      const text = end.error instanceof Error ? end.error.message : Bun.inspect(end.error);
      return { code: "ERROR", setting: null, message: `the thread died: ${text}` };
    }
  }
}
