import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { MemoryLog } from "../memory-log.test-support.ts";
import { scratchDirectory } from "../scratch-directory.test-support.ts";
import type { NuclioContext, NuclioHandler, NuclioInitContext } from "../contract.ts";
import { FunctionLoadError } from "../load-error.ts";
import { createEvent, type EventInit } from "./event.ts";
import { openNuclioFunction } from "./open.ts";
import { collectResult } from "./result.ts";

const trigger = { kind: "extproc", name: "gate" };
const plain: EventInit = {
  trigger,
  body: Buffer.from("body"),
  headers: { "content-type": "text/x", "x-a": "1" },
  fields: { q: "1" },
  method: "POST",
  path: "/a",
  url: "http://h/a?q=1",
  timestamp: new Date(5000),
};

async function open(handler: NuclioHandler, initContext: NuclioInitContext | null = null) {
  const log = new MemoryLog();
  const origin = { file: "/fn.ts", exportName: "handler" };
  const opened = await openNuclioFunction(
    { contract: "nuclio", origin, handler, initContext },
    { log, workerId: "3", trigger },
  );
  return {
    log,
    async call(): Promise<string | null> {
      const call = { log, signal: new AbortController().signal };
      const { body } = await collectResult(await opened.invoke(createEvent(plain), call));
      return body === null ? null : Buffer.from(body).toString();
    },
  };
}

describe("the event", () => {
  test("has every attribute Nuclio names", () => {
    const { id, ...event } = createEvent(plain);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(event).toEqual({
      body: Buffer.from("body"),
      content_type: "text/x",
      "content-type": "text/x",
      trigger,
      fields: { q: "1" },
      headers: { "content-type": "text/x", "x-a": "1" },
      method: "POST",
      path: "/a",
      url: "http://h/a?q=1",
      timestamp: new Date(5000),
      size: 4,
      shard_id: -1,
      num_shards: 0,
      type: "",
      type_version: "",
      version: "",
      offset: 0,
      topic: "",
    });
  });

  test("has an id of its own, and a body of its own", () => {
    const body = new Uint8Array([1, 2]);
    const [first, second] = [createEvent({ ...plain, body }), createEvent({ ...plain, body })];
    expect(first.id).not.toBe(second.id);
    first.body.fill(9);
    expect([[...body], [...second.body]]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

describe("the context", () => {
  test("has what the reference's has, and the worker and trigger", async () => {
    let seen: NuclioContext | null = null;
    await (await open((context) => ((seen = context), "x"))).call();
    expect(seen).toMatchObject({ workerId: "3", trigger, userData: {}, Response: expect.any(Function) as unknown });
  });

  test("keeps userData from initContext through every event", async () => {
    const handler: NuclioHandler = ({ userData }) => String((userData["count"] = Number(userData["count"]) + 1));
    const { call } = await open(handler, async ({ userData }) => {
      await Promise.resolve();
      userData["count"] = 41;
    });
    expect([await call(), await call()]).toEqual(["42", "43"]);
  });

  test("logs through the processor's log, with and without fields", async () => {
    const odd: unknown = 7;
    const { log, call } = await open(({ logger }) => {
      logger.debug("a");
      logger.info("b", { n: 1 });
      logger.warnWith("c", { n: 2 });
      logger.errorWith("d");
      logger.debugWith("e");
      logger.infoWith(odd as string, odd as object);
      logger.warn("g");
      logger.error("h");
    });
    await call();
    expect(log.lines).toEqual([
      ["debug", "a"],
      ["info", "b", { n: 1 }],
      ["warn", "c", { n: 2 }],
      ["error", "d"],
      ["debug", "e"],
      ["info", "7", { with: 7 }],
      ["warn", "g"],
      ["error", "h"],
    ]);
  });
});

describe("the result", () => {
  test.each<[string, NuclioHandler]>([
    ["returned", () => "x"],
    ["resolved", async () => "x"],
    ["called back at once", (context) => context.callback("x")],
    ["called back later", (context) => void setTimeout(() => context.callback("x"), 1)],
    ["called back with a promise", (context) => context.callback(Promise.resolve("x"))],
    ["called back by a detached callback", ({ callback }) => queueMicrotask(() => callback("x"))],
    ["called back, then resolved empty", async (context) => context.callback("x")],
  ])("is what was %s", async (_, handler) => {
    const { call, log } = await open(handler);
    expect([await call(), log.lines]).toEqual(["x", []]);
  });

  test("is nothing when the handler returns nothing and has no callback in it", async () => {
    expect(await (await open(() => undefined)).call()).toBeNull();
    expect(await (await open(async () => {})).call()).toBeNull();
  });

  test("is waited for when another function of the handler's module calls back", async () => {
    const file = join(
      scratchDirectory({
        "fn.ts":
          "const later = (context) => setTimeout(() => context.callback('x'), 1);\nexport const handler = (context) => void later(context);\n",
      }),
      "fn.ts",
    );
    const { handler } = (await import(file)) as { handler: NuclioHandler };
    const loaded = { contract: "nuclio", origin: { file, exportName: "handler" }, handler, initContext: null } as const;
    const opened = await openNuclioFunction(loaded, { log: new MemoryLog(), workerId: "0", trigger });
    expect(
      (await opened.invoke(createEvent(plain), { log: new MemoryLog(), signal: new AbortController().signal })).body,
    ).toEqual(Buffer.from("x"));
  });

  test("is the first given; later ones are logged", async () => {
    const twice = await open((context) => {
      context.callback("first");
      context.callback("second");
      return "third";
    });
    expect(await twice.call()).toBe("first");
    expect(twice.log.lines).toEqual([
      ["warn", "context.callback was called after the handler had given its result: ignored"],
      ["warn", "the handler returned a value after context.callback: ignored"],
    ]);
    const late = await open((context) => {
      setTimeout(() => context.callback("late"), 1);
      return "first";
    });
    expect(await late.call()).toBe("first");
    await Bun.sleep(5);
    expect(late.log.lines).toEqual([
      ["warn", "context.callback was called after the handler had given its result: ignored"],
    ]);
  });

  test("of overlapping events does not mix", async () => {
    const waiting: (() => void)[] = [];
    let count = 0;
    const { call } = await open((context) => {
      const mine = String(count++);
      waiting.push(() => context.callback(mine));
    });
    const calls = [call(), call(), call()];
    for (const answer of waiting.toReversed()) answer();
    expect(await Promise.all(calls)).toEqual(["0", "1", "2"]);
  });
});

describe("failures", () => {
  const boom = new Error("boom");
  test.each<[string, NuclioHandler]>([
    [
      "thrown",
      () => {
        throw boom;
      },
    ],
    ["rejected", () => Promise.reject(boom)],
    ["returned", () => boom],
    ["called back", (context) => context.callback(boom)],
    ["called back rejected", (context) => context.callback(Promise.reject(boom))],
  ])("are what was %s", async (_, handler) => {
    const { call } = await open(handler);
    const outcome: unknown = await call().catch((error: unknown) => error);
    expect(outcome).toBe(boom);
  });

  test("after the result are logged only", async () => {
    const { call, log } = await open(async (context) => {
      context.callback("x");
      await Promise.resolve();
      throw boom;
    });
    expect(await call()).toBe("x");
    await Bun.sleep(1);
    expect(log.lines).toEqual([["warn", "the handler failed after it had given its result", { error: "Error: boom" }]]);
  });

  test("of initContext end the loading, with file and line", async () => {
    const dir = scratchDirectory({
      "fn.ts":
        'export const handler = () => {};\nexport async function initContext() {\n  throw new Error("no db");\n}\n',
    });
    const file = join(dir, "fn.ts");
    const { handler, initContext } = (await import(file)) as { handler: NuclioHandler; initContext: NuclioInitContext };
    const loaded = { contract: "nuclio", origin: { file, exportName: "handler" }, handler, initContext } as const;
    const outcome: unknown = await openNuclioFunction(loaded, { log: new MemoryLog(), workerId: "0", trigger }).catch(
      (error: unknown) => error,
    );
    if (!(outcome instanceof FunctionLoadError)) throw new Error("it opened");
    expect([outcome.code, outcome.message]).toEqual(["INIT_CONTEXT_FAILED", `${file}:3:13: initContext failed\nno db`]);
  });

  test("context.callback in initContext is told to have no effect", async () => {
    const { log } = await open(
      () => "x",
      (context) => context.callback("y"),
    );
    expect(log.lines).toEqual([["warn", "context.callback has no effect in initContext"]]);
  });
});
