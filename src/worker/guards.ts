/** Keeps the thread alive when something throws where nobody catches: logged and counted instead. */
import { unhandledErrors } from "../telemetry/metrics.ts";
import type { Logger } from "../telemetry/log.ts";
import type { MetricsRecorder } from "../telemetry/recorder.ts";

export interface Guards {
  /** From here on errors are logged there; those before are logged now. */
  reportTo(log: Logger): void;
}

/** Comes before everything else in a worker: without these handlers a stray rejection ends the thread. */
export function installGuards(metrics: MetricsRecorder): Guards {
  const early: (() => void)[] = [];
  let log: Logger | null = null;

  function guard(kind: "exception" | "rejection", text: string): (error: unknown) => void {
    const count = metrics.number(unhandledErrors, [kind]);
    return (error) => {
      count.value++;
      const write = () => log?.error({ err: error }, text);
      if (log === null) early.push(write);
      else write();
    };
  }

  process.on("uncaughtException", guard("exception", "an exception nobody caught"));
  process.on("unhandledRejection", guard("rejection", "a rejected promise nobody handled"));
  return {
    reportTo(target) {
      log = target;
      for (const write of early.splice(0)) write();
    },
  };
}
