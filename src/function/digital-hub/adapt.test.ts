import { describe, expect, test } from "bun:test";
import type { NuclioContext, NuclioEvent } from "../contract.ts";
import { createEvent } from "../nuclio/event.ts";
import { HandlerResponse } from "../nuclio/response.ts";
import { adaptHandler } from "./adapt.ts";

const context = { userData: {}, project: { name: "shop" }, run: { id: "r1" } } as unknown as NuclioContext;

function event(kind: string, body: unknown = ""): NuclioEvent {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return createEvent({
    trigger: { kind, name: kind },
    body: Buffer.from(text),
    headers: {},
    fields: {},
    method: "",
    path: "",
    url: "",
    timestamp: new Date(0),
  });
}

const run = (spec: object) => ({ id: "r7", project: "shop", kind: "python+job:run", spec });

function callJob(handler: Function, spec: object, exports: object = {}): unknown {
  return adaptHandler(handler as never, exports as never)(context, event("job", run(spec)));
}

async function messageOf(calling: unknown): Promise<string> {
  try {
    await calling;
    return "";
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
}

describe("a Nuclio handler", () => {
  test.each<[string, Function]>([
    ["both parameters", (context: unknown, event: unknown) => [context, event]],
    ["one", (context: unknown) => context],
    ["a pattern", ({ userData }: NuclioContext) => userData],
    ["the rest", (...args: unknown[]) => args],
  ])("with %s is left alone", (_, handler) => {
    expect(adaptHandler(handler as never, {}) === handler).toBe(true);
  });

  test("is called as ever, whatever its parameters are called, by requests, by other jobs and by runs of others", () => {
    const handler = adaptHandler((c: NuclioContext, e: NuclioEvent) => [c, e], {});
    for (const each of [
      event("http", run({ parameters: { c: 1 } })),
      event("job", "text"),
      event("job", [1]),
      event("job", run({ parameters: { epochs: 1 } })),
    ]) {
      expect(handler(context, each)).toEqual([context, each]);
    }
  });
});

describe("a served function", () => {
  test("gets what it names, in its own order", () => {
    const serve = (run: unknown, event: unknown, project: unknown, context: unknown) => [run, event, project, context];
    const handler = adaptHandler(serve as never, {});
    const request = event("http");
    expect(handler(context, request)).toEqual([{ id: "r1" }, request, { name: "shop" }, context]);
  });

  test("that needs more is told so", () => {
    const handler = adaptHandler(
      function train(project: unknown, epochs: unknown) {
        return [project, epochs];
      } as never,
      {},
    );
    expect(() => handler(context, event("http"))).toThrow(
      "train(project, epochs) needs epochs, which the run does not give",
    );
  });
});

describe("a job's function", () => {
  test("gets parameters and inputs of its run by name, inputs first, defaults last", async () => {
    const train = (epochs: number, data: string, project: unknown, rate = 0.1) => ({ epochs, data, project, rate });
    const spec = { parameters: { epochs: 3, data: "of a parameter" }, inputs: { data: "store://shop/dataitem/d:1" } };
    expect(await callJob(train, spec)).toEqual({
      results: { output_0: { epochs: 3, data: "store://shop/dataitem/d:1", project: { name: "shop" }, rate: 0.1 } },
    });
  });

  test("needs no reserved name when the run gives an argument it names", async () => {
    expect(await callJob((epochs: number) => epochs + 1, { parameters: { epochs: 3 } })).toEqual({
      results: { output_0: 4 },
    });
  });

  test("sees its whole run", async () => {
    const spec = { task: "python+job://shop/t" };
    const seen = (run: unknown, context: NuclioContext) => [run, context.run];
    expect(await callJob(seen, spec)).toEqual({ results: { output_0: run(spec), output_1: run(spec) } });
  });

  test.each<[string, unknown, readonly string[], Record<string, unknown>]>([
    ["nothing", undefined, [], {}],
    ["one value", 5, [], { output_0: 5 }],
    ["one value with a name", "text", ["label"], { label: "text" }],
    ["several, some with names", [1, true, null], ["count"], { count: 1, output_1: true, output_2: null }],
    ["bytes and large numbers", [Buffer.from("hi"), 12n], [], { output_0: "aGk=", output_1: "12" }],
  ])("gives %s as its results", async (_, value, outputs, results) => {
    expect(await callJob(async (run: unknown) => run && value, {}, { outputs })).toEqual({ results });
  });

  test("may answer as a Nuclio handler does", async () => {
    const answer = new HandlerResponse("no", null, "text/plain", 422);
    expect(await callJob((run: unknown) => run && answer, {})).toBe(answer);
  });

  test("that misses an argument, or does not take one, fails with both named", async () => {
    const handler = function train(project: unknown, epochs: number) {
      return [project, epochs];
    };
    expect(await messageOf(callJob(handler, { parameters: { epoch: 1 } }))).toBe(
      "train(project, epochs) needs epochs, which the run does not give and does not take epoch",
    );
  });

  test("is called after the run's init_function, which is called once", async () => {
    const calls: unknown[] = [];
    const exports = { init: async (context: NuclioContext, model: string) => calls.push([context.run?.id, model]) };
    const spec = { source: { init_function: "init" }, init_parameters: { model: "small" } };
    const handler = adaptHandler(((run: unknown) => run && calls.length) as never, exports);
    expect(await handler(context, event("job", run(spec)))).toEqual({ results: { output_0: 1 } });
    expect(await handler(context, event("job", run(spec)))).toEqual({ results: { output_0: 1 } });
    expect(calls).toEqual([["r7", "small"]]);
  });

  test("has a failed init_function called again when it is tried again", async () => {
    const calls: unknown[] = [];
    const init = (context: NuclioContext): void => {
      if (calls.push(context.run?.id) === 1) throw new Error("not yet");
    };
    const handler = adaptHandler(((run: unknown) => run && calls.length) as never, { init });
    const again = () => handler(context, event("job", run({ source: { init_function: "init" } })));
    expect(await messageOf(again())).toBe("not yet");
    expect(await again()).toEqual({ results: { output_0: 2 } });
  });

  test.each([
    ["missing", {}, 'the run\'s init_function "init" is no function of the module'],
    ["without context", { init: () => 1 }, 'the run\'s init_function "init" has no parameter "context"'],
  ])("with an init_function that is %s fails", async (_, exports, message) => {
    expect(await messageOf(callJob((run: unknown) => run, { source: { init_function: "init" } }, exports))).toBe(
      message,
    );
  });
});
