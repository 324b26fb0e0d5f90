import { expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "./scratch-directory.test-support.ts";
import { describeFailure } from "./describe-failure.ts";
import { ExchangeError } from "./errors.ts";
import { FieldList } from "./header-list.ts";

const dir = scratchDirectory({
  "fn.ts":
    'export function direct() {\n  throw new TypeError("wrong");\n}\nexport const calls = (f: () => void) => {\n  f();\n};\n',
  "deep.ts": 'import { inner } from "./lib/inner.ts";\nexport const run = () => inner();\n',
  "lib/inner.ts": 'export const inner = () => {\n  throw new Error("", { cause: new Error("the disk") });\n};\n',
  "uses.ts": 'import { fail } from "lib";\n\nexport function run() {\n  fail();\n}\n',
  "node_modules/lib/index.js": 'exports.fail = () => {\n  throw new Error("in lib");\n};\n',
  "broken.ts": "const x = ;\n",
});

async function failureOf(file: string, run: (module: Record<string, (f?: unknown) => unknown>) => unknown) {
  try {
    await run((await import(join(dir, file))) as Record<string, (f?: unknown) => unknown>);
  } catch (error) {
    return describeFailure(error, { file: join(dir, file) });
  }
  throw new Error("nothing was thrown");
}

test("names the place in the function", async () => {
  expect(await failureOf("fn.ts", ({ direct }) => direct?.())).toEqual({
    message: "TypeError: wrong",
    file: join(dir, "fn.ts"),
    line: 2,
    column: 13,
  });
});

test("names the innermost of the function's own files, and the cause", async () => {
  expect(await failureOf("deep.ts", ({ run }) => run?.())).toEqual({
    message: "Error (cause: the disk)",
    file: join(dir, "lib/inner.ts"),
    line: 2,
    column: 13,
  });
});

test("passes over the processor's own frames to the line that called it", async () => {
  const list = new FieldList([]);
  const described = await failureOf("fn.ts", ({ calls }) => calls?.(() => list.set("a b", "1")));
  expect(described).toEqual({
    message: 'ExchangeError: "a b" is not a header name',
    file: join(dir, "fn.ts"),
    line: 5,
    column: expect.any(Number),
  });
});

test("passes over installed packages to the function that called them", async () => {
  expect(await failureOf("uses.ts", ({ run }) => run?.())).toEqual({
    message: "in lib",
    file: join(dir, "uses.ts"),
    line: 4,
    column: 3,
  });
});

test("takes the place of a syntax error from its position", async () => {
  expect(await failureOf("broken.ts", () => {})).toEqual({
    message: "Unexpected ;",
    file: join(dir, "broken.ts"),
    line: 1,
    column: 11,
  });
});

test.each<[string, unknown, string]>([
  ["a text", "text", 'thrown without an Error: "text"'],
  ["an object", { a: 1 }, "thrown without an Error: {\n  a: 1,\n}"],
  ["nothing", undefined, "thrown without an Error: undefined"],
  ["a named error", new ExchangeError("NO_RESPONSE", "gone"), "ExchangeError: gone"],
])("shows what was thrown: %s", (_, thrown, message) => {
  expect(describeFailure(thrown, { file: "/fn.ts" }).message).toBe(message);
});

test("survives an error whose own properties throw", () => {
  const hostile = new Error("x");
  Object.defineProperty(hostile, "message", {
    get() {
      throw new Error("no");
    },
  });
  expect(describeFailure(hostile, { file: "/fn.ts" }).message).toBe("thrown value that cannot be shown");
});
