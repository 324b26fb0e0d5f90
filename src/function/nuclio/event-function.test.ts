import { describe, expect, test } from "bun:test";
import type { EventResult, FunctionEvent } from "../../event/contract.ts";
import { EventError } from "../../event/event-error.ts";
import type { NuclioHandler } from "../contract.ts";
import { MemoryLog } from "../memory-log.test-support.ts";
import { openNuclioEvents } from "./open-events.ts";

const trigger = { kind: "http", name: "api" };

function open(handler: NuclioHandler, eventTimeoutMs = 0) {
  const host = { log: new MemoryLog(), trigger, workerId: "0", eventTimeoutMs };
  const origin = { file: "/fn.ts", exportName: "handler" };
  return openNuclioEvents({ contract: "nuclio", origin, handler, initContext: null }, host);
}

async function call(handler: NuclioHandler, headers: FunctionEvent["headers"] = [], eventTimeoutMs = 0) {
  const log = new MemoryLog();
  const opened = await open(handler, eventTimeoutMs);
  const event: FunctionEvent = {
    id: "e1",
    trigger,
    timestamp: new Date(0),
    method: "GET",
    path: "/",
    query: "",
    headers,
    body: new Uint8Array(0),
    url: "",
  };
  const ending = await opened.invoke(event, { log, signal: new AbortController().signal }).catch((error: unknown) => {
    if (error instanceof EventError) return error;
    throw error;
  });
  return { ending, log };
}

async function result(handler: NuclioHandler, headers?: FunctionEvent["headers"]): Promise<EventResult> {
  const { ending } = await call(handler, headers);
  if (ending instanceof EventError) throw ending;
  return ending;
}

test("a stream that fails before its first piece is a handler that fails", async () => {
  const { ending } = await call(async function* () {
    await Promise.resolve();
    yield await Promise.reject(new Error("no rows"));
  });
  expect(ending).toMatchObject({ code: "HANDLER_FAILED", answer: { status: 500 }, cause: new Error("no rows") });
});

test("a stream that fails later is cut off", async () => {
  const { body } = await result(async function* () {
    yield "a";
    await Promise.resolve();
    throw new Error("no more");
  });
  if (!(body instanceof ReadableStream)) throw new Error("no stream");
  expect(await failureOf(new Response(body).text())).toMatch("no more");
});

test("what is later than eventTimeout is 408", async () => {
  const { ending } = await call(() => new Promise(() => {}), [], 20);
  expect(ending).toMatchObject({ code: "TIMED_OUT", answer: { status: 408 } });
});

function withoutTime({ ...record }: { time?: number }): object {
  delete record.time;
  return record;
}

describe("X-Nuclio-Log-Level", () => {
  const asked = (level: string) => [["x-nuclio-log-level", level]] as const;
  const handler: NuclioHandler = (context) => {
    context.logger.debug("d");
    context.logger.infoWith("i", { n: 1 });
    context.logger.warn("wé");
    return "ok";
  };
  const logs = ({ headers }: EventResult) => {
    const text = headers.find(([name]) => name === "x-nuclio-logs")?.[1];
    return text === undefined ? null : (JSON.parse(text) as { time?: number }[]).map(withoutTime);
  };

  test("brings back what is at or above it", async () => {
    expect(logs(await result(handler, asked("info")))).toEqual([
      { level: "info", name: "api", message: "i", n: 1 },
      { level: "warn", name: "api", message: "wé" },
    ]);
    expect(logs(await result(handler, asked("error")))).toEqual([]);
    expect(logs(await result(handler, asked("nonsense")))).toHaveLength(3);
    expect(logs(await result(handler))).toBeNull();
  });

  test("comes with failures too, and the log has the lines as ever", async () => {
    const { ending, log } = await call((context) => {
      context.logger.error("e");
      throw new Error("no");
    }, asked("warn"));
    if (!(ending instanceof EventError)) throw new Error("no failure");
    expect(logs(ending.answer)).toEqual([{ level: "error", name: "api", message: "e" }]);
    expect(log.lines).toEqual([["error", "e"]]);
  });

  test.each([4095, 4096])("an array of %i bytes", async (bytes) => {
    const frame = JSON.stringify([{ level: "info", time: Date.now(), name: "api", message: "" }]).length;
    const { ending, log } = await call((context) => {
      context.logger.info("x".repeat(bytes - frame));
      return "ok";
    }, asked("info"));
    const found = ending instanceof EventError ? null : logs(ending);
    expect(found === null).toBe(bytes >= 4096);
    expect(log.lines.filter(([level]) => level === "warn")).toHaveLength(bytes >= 4096 ? 1 : 0);
  });
});

/** "" when it does not fail. */
function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "", String);
}
