import { describe, expect, test } from "bun:test";
import { MemoryLog } from "../../../function/memory-log.test-support.ts";
import type { NuclioEvent, NuclioHandler } from "../../../function/contract.ts";
import { ExchangeError } from "../../../function/errors.ts";
import { FieldList } from "../../../function/header-list.ts";
import { openNuclioFunction } from "../../../function/nuclio/open.ts";
import type { MessageCopy } from "./contract.ts";
import { createObserver, type ObserverOptions } from "./observer.ts";

async function observe(handler: NuclioHandler, options: Partial<ObserverOptions> = {}) {
  const opened = await openNuclioFunction(
    { contract: "nuclio", origin: { file: "/fn.ts", exportName: "handler" }, handler, initContext: null },
    { log: new MemoryLog(), workerId: "0", trigger: { kind: "extproc", name: "watch" } },
  );
  const counts = { dropped: 0, failed: [] as unknown[] };
  const observer = createObserver(
    opened,
    { bufferStreamedBodies: true, maxPending: 1000, timeoutMs: 60_000, ...options },
    { dropped: () => counts.dropped++, failed: (error) => counts.failed.push(error) },
  );
  return { observer, counts };
}

function copyOf(copy: Partial<MessageCopy> = {}): MessageCopy {
  return {
    exchangeId: "exchange-1",
    direction: "request",
    path: "/p?q=1",
    method: "POST",
    headers: new FieldList([":path", "/p", "x-a", "1"]),
    bodyDelivery: "none",
    bytes: () => Promise.reject(new Error("read although no body comes")),
    log: new MemoryLog(),
    ...copy,
  };
}

describe("an observer", () => {
  test("sees requests and responses with the phases of the other types", async () => {
    const events: NuclioEvent[] = [];
    const { observer, counts } = await observe((_, event) => void events.push(event));
    const body = { bodyDelivery: "whole", bytes: async () => Buffer.from("body") } as const;
    const streamed = { bodyDelivery: "streamed", bytes: async () => Buffer.from("pieces") } as const;
    observer.observe(copyOf());
    observer.observe(copyOf({ direction: "response" }));
    observer.observe(copyOf(body));
    observer.observe(copyOf({ ...streamed, direction: "response" }));
    await observer.idle();
    expect(
      events
        .map(({ headers, body, method, path }) => [headers["processing-phase"], body.toString(), method, path])
        .toSorted((a, b) => Number(a[0]) - Number(b[0])),
    ).toEqual([
      ["1", "", "POST", "/p"],
      ["2", "body", "POST", "/p"],
      ["4", "", "POST", "/p"],
      ["5", "pieces", "POST", "/p"],
    ]);
    expect(counts).toEqual({ dropped: 0, failed: [] });
  });

  test("runs after the traffic that is being handled, however long it blocks", async () => {
    const order: string[] = [];
    const { observer } = await observe(() => void order.push("handler"));
    observer.observe(copyOf());
    order.push("answer");
    await Promise.resolve();
    order.push("output written");
    await observer.idle();
    expect(order).toEqual(["answer", "output written", "handler"]);
  });

  test("is dropped and counted above maxPending, and free again when handlers settle", async () => {
    const waiting: (() => void)[] = [];
    const { observer, counts } = await observe(() => new Promise<void>((resolve) => waiting.push(resolve)), {
      maxPending: 2,
    });
    for (let i = 0; i < 5; i++) observer.observe(copyOf());
    observer.drop();
    expect([observer.full, observer.pending, counts.dropped]).toEqual([true, 2, 4]);
    await Bun.sleep(1);
    const idle = observer.idle();
    for (const resolve of waiting) resolve();
    await idle;
    expect([observer.full, observer.pending]).toEqual([false, 0]);
    observer.observe(copyOf());
    expect([observer.pending, counts.dropped]).toEqual([1, 4]);
  });

  test("fails by itself: a throw and an unreadable body are reported, nothing else", async () => {
    const boom = new Error("boom");
    const tooLarge = new ExchangeError("BODY_TOO_LARGE", "too large");
    const { observer, counts } = await observe(() => {
      throw boom;
    });
    observer.observe(copyOf());
    observer.observe(copyOf({ bodyDelivery: "whole", bytes: () => Promise.reject(tooLarge) }));
    await observer.idle();
    expect(counts).toEqual({ dropped: 0, failed: [boom, tooLarge] });
  });

  test("that never settles is given up after the timeout, once", async () => {
    const late = Promise.withResolvers<void>();
    const { observer, counts } = await observe(() => late.promise, { timeoutMs: 5 });
    observer.observe(copyOf());
    await observer.idle();
    expect(counts.failed).toEqual([new ExchangeError("TIMEOUT", "the observer took longer than 5 ms")]);
    late.reject(new Error("late"));
    await Bun.sleep(1);
    expect([observer.pending, counts.failed.length]).toEqual([0, 1]);
  });

  test("gets no body in pieces when bufferStreamedBodies is false", async () => {
    const phases: unknown[] = [];
    const { observer } = await observe((_, event) => void phases.push(event.headers["processing-phase"]), {
      bufferStreamedBodies: false,
    });
    observer.observe(copyOf({ bodyDelivery: "streamed" }));
    await observer.idle();
    expect(phases).toEqual(["1"]);
  });

  test("is idle at once when nothing is pending", async () => {
    const { observer } = await observe(() => undefined);
    expect(await observer.idle()).toBeUndefined();
  });
});
