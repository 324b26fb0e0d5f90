import { expect, test } from "bun:test";
import * as metrics from "../telemetry/metrics.ts";
import { collectTriggerStats } from "./trigger-stats.ts";

test("a trigger's counts are its own, summed over the workers", () => {
  const totals = [
    { definition: metrics.handledEvents, labels: ["extproc", "gate", "success"], values: [5] },
    { definition: metrics.handledEvents, labels: ["extproc", "other", "success"], values: [100] },
    { definition: metrics.handledEventsDurationSum, labels: ["extproc", "gate", "0"], values: [2.5] },
    { definition: metrics.handledEventsDurationSum, labels: ["extproc", "gate", "1"], values: [1.5] },
    { definition: metrics.exchanges, labels: ["gate", "completed"], values: [4] },
    { definition: metrics.exchanges, labels: ["gate", "answered"], values: [1] },
    { definition: metrics.failures, labels: ["gate", "threw"], values: [1] },
    { definition: metrics.earlyCloses, labels: ["gate"], values: [3] },
  ];
  expect(collectTriggerStats(totals, "gate")).toEqual({
    eventsHandledSuccessTotal: 5,
    eventsHandledFailureTotal: 0,
    handledEventsDurationMillisecondsSum: 4,
    handledEventsDurationMillisecondsCount: 0,
    exchangesInFlight: 0,
    exchanges: { completed: 4, answered: 1 },
    messages: {},
    failures: { threw: 1 },
    earlyCloses: 3,
    http2Connections: 0,
  });
});
