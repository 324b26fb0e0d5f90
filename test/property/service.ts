/** A trigger's service around one function, without timers and sockets, that keeps what it counts and logs. */
import { OpenExchanges } from "../../src/triggers/extproc/open-exchanges.ts";
import * as v from "valibot";
import type { Middleware } from "../../src/function/contract.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import type { NumberCell } from "../../src/telemetry/recorder.ts";
import { extprocAttributes } from "../../src/triggers/extproc/attributes.ts";
import { ExtprocMetrics } from "../../src/triggers/extproc/exchange-metrics.ts";
import { type MiddlewareService, createHeaderGuard } from "../../src/triggers/extproc/service.ts";
import { ProcessingRequestReader } from "../../src/triggers/extproc/wire/processing-request.ts";

export interface PlayedService extends MiddlewareService {
  /** Reasons of the failures counted, in order. */
  readonly failures: string[];
  readonly sessions: OpenExchanges;
}

export function playedService(run: Middleware, attributes: object, log: (line: string) => void): PlayedService {
  const settings = v.parse(extprocAttributes, attributes);
  const failures: string[] = [];
  const cells = new Map<string, NumberCell>();
  const recorder = {
    number({ name }: { name: string }, labels: readonly string[]): NumberCell {
      if (name === "processor_failures_total") failures.push(labels[1] ?? "");
      const key = `${name}{${labels.join()}}`;
      const cell = cells.get(key) ?? { value: 0 };
      cells.set(key, cell);
      return cell;
    },
    histogram: () => ({ observe() {} }),
  };
  return {
    settings,
    run,
    origin: { file: import.meta.path, exportName: "default" },
    onError: settings.onError ?? 500,
    runsWithoutRequest: settings.withoutRequest === "run",
    log: tracingLog(log),
    metrics: new ExtprocMetrics(recorder, "test", 0),
    headerGuard: createHeaderGuard(settings),
    told: new Set(),
    reader: new ProcessingRequestReader(),
    sessions: new OpenExchanges(),
    failures,
  };
}

function tracingLog(log: (line: string) => void): Logger {
  const method =
    (level: string) =>
    (first: object | string, second = ""): void => {
      if (typeof first === "string") log(`  log ${level}: ${first}`);
      else log(`  log ${level}: ${second} ${JSON.stringify(first)}`);
    };
  const logger: Logger = {
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    child: () => logger,
    isLevelEnabled: () => true,
  };
  return logger;
}
