import { expect, test } from "bun:test";
import { type Parameter, parseParameters, readParameters } from "./parameters.ts";

const shown = (parameters: readonly Parameter[] | null) =>
  parameters?.map(({ name, required }) => `${name ?? "unnamed"}${required ? "" : "?"}`) ?? null;

const computed = "computed(";
const methods = {
  train(project: unknown, run: unknown) {
    return [project, run];
  },
  async *[computed](event: unknown) {
    yield event;
  },
};

test.each<[string, Function, string[]]>([
  ["nothing", () => 1, []],
  ["async ones", async (project: unknown, run?: unknown) => [await project, run], ["project", "run"]],
  ["those of a method", methods.train, ["project", "run"]],
  ["those of a generator with a computed name", methods[computed], ["event"]],
  ["the rest", (...all: unknown[]) => all, ["unnamed?"]],
  [
    "defaults",
    (epochs = 10, rate = Math.max(0, 1), label = "),(", text = `${")"},`) => [epochs, rate, label, text],
    ["epochs?", "rate?", "label?", "text?"],
  ],
  ["patterns", ({ a, b: [c] }: { a: 1; b: [2] }, [d] = [3], e: unknown) => [a, c, d, e], ["unnamed", "unnamed?", "e"]],
])("shows %s", (_, fn, expected) => {
  expect(shown(readParameters(fn))).toEqual(expected);
});

test.each([
  ["event => 1", ["event"]],
  ["async event=>1", ["event"]],
  ["(a /* , b) */, c // , d\n) => 1", ["a", "c"]],
])("shows those of %p", (source, expected) => {
  expect(shown(parseParameters(source))).toEqual(expected);
});

test("shows nothing of functions without a source", () => {
  expect([Math.max, class {}, methods.train.bind(null)].map(readParameters)).toEqual([null, null, null]);
});
