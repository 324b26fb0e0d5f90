import { expect, test } from "bun:test";
import type { Logger } from "../telemetry/log.ts";
import { type OpenTrigger, TriggerError, type TriggerHost, type TriggerOpener } from "../triggers/contract.ts";
import type { WorkerTrigger } from "./contract.ts";
import { openTriggers } from "./open-triggers.ts";

const problems: string[] = [];
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (_fields: object | string, text?: string) => void problems.push(text ?? ""),
  child: () => log,
  isLevelEnabled: () => true,
};
const cell = { value: 0, observe: () => undefined };
const host: Omit<TriggerHost, "workerCount"> = {
  workerIndex: 0,
  function: { contract: "middleware", origin: { file: "/f.ts", exportName: "default" }, run: () => undefined },
  log,
  metrics: { number: () => cell, histogram: () => cell },
  collectTotals: async () => [],
  functionName: "test",
  functionNamespace: "default",
  startedAt: 0,
  eventTimeoutMs: 0,
};

function openedTrigger(change: Partial<OpenTrigger> = {}): OpenTrigger {
  return {
    address: "127.0.0.1:1",
    inFlight: 0,
    gracefulShutdownTimeoutMs: 1000,
    drain: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...change,
  };
}

function openerOf(kind: string, open: () => OpenTrigger): readonly [kind: string, open: TriggerOpener] {
  return [kind, async () => open()];
}

function trigger(name: string, kind: string): WorkerTrigger {
  const config = {
    name,
    kind,
    url: "",
    numWorkers: 1,
    workerAvailabilityTimeoutMs: 0,
    workerTerminationTimeoutMs: 10_000,
    attributes: {},
  };
  return { config, workerCount: 1 };
}

async function refusalOf(openers: (readonly [string, TriggerOpener])[], ...triggers: WorkerTrigger[]) {
  const error: unknown = await openTriggers(triggers, new Map(openers), host).catch((reason: unknown) => reason);
  return error instanceof TriggerError ? { code: error.code, setting: error.setting, message: error.message } : error;
}

test("an error without a setting gets the trigger's name and place", async () => {
  const fails = openerOf("fails", () => {
    throw Object.assign(new Error("no such directory"), { code: "ENOENT" });
  });
  expect(await refusalOf([fails], trigger("gate", "fails"))).toEqual({
    code: "ENOENT",
    setting: "spec.triggers.gate.attributes",
    message: 'trigger "gate" cannot open: no such directory',
  });
});

test("an error that names its setting is left as it is", async () => {
  const fails = openerOf("fails", () => {
    throw new TriggerError("EADDRINUSE", "spec.triggers.gate.attributes.port", "port 5051 is busy");
  });
  expect(await refusalOf([fails], trigger("gate", "fails"))).toEqual({
    code: "EADDRINUSE",
    setting: "spec.triggers.gate.attributes.port",
    message: "port 5051 is busy",
  });
});

test("triggers that opened are closed when a later one cannot", async () => {
  const closed: string[] = [];
  const works = openerOf("works", () => openedTrigger({ close: async () => void closed.push("works") }));
  expect(await refusalOf([works], trigger("a", "works"), trigger("b", "unknown"))).toEqual({
    code: "UNKNOWN_KIND",
    setting: "spec.triggers.b.kind",
    message: 'there is no trigger kind "unknown"',
  });
  expect(closed).toEqual(["works"]);
});

test("drain gives all triggers the longest time any of them asks for, then closes them", async () => {
  const closed: string[] = [];
  const untilDeadline = (deadline: AbortSignal) =>
    new Promise<void>((resolve) => deadline.addEventListener("abort", () => resolve()));
  const openers = new Map([
    openerOf("short", () =>
      openedTrigger({ gracefulShutdownTimeoutMs: 0, close: async () => void closed.push("short") }),
    ),
    openerOf("long", () =>
      openedTrigger({
        gracefulShutdownTimeoutMs: 100,
        inFlight: 3,
        drain: untilDeadline,
        close: async () => void closed.push("long"),
      }),
    ),
  ]);
  const open = await openTriggers([trigger("a", "short"), trigger("b", "long")], openers, host);
  const startedAt = performance.now();
  expect(await open.drain()).toBe(3);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
  expect(closed).toEqual(["short", "long"]);
});

test("a trigger that fails to drain or close is logged and keeps nobody from ending", async () => {
  problems.length = 0;
  const failing = () => Promise.reject(new Error("broken"));
  const openers = new Map([openerOf("broken", () => openedTrigger({ drain: failing, close: failing }))]);
  const open = await openTriggers([trigger("a", "broken")], openers, host);
  expect(await open.drain()).toBe(0);
  expect(problems).toEqual(["a trigger did not end cleanly", "a trigger did not end cleanly"]);
});
