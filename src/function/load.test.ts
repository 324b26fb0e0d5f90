import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "./scratch-directory.test-support.ts";
import type { LoadHints } from "./demanded-contract.ts";
import { FunctionLoadError } from "./load-error.ts";
import { loadFunction } from "./load.ts";
import type { LoadedFunction } from "./loaded-function.ts";

const noHints: LoadHints = { hasType: false, kinds: ["extproc"], environment: { NUCLIO_HANDLER_DIR: "/nowhere" } };

function load(
  source: string,
  hints: Partial<LoadHints> = {},
  handler = "fn.ts",
  runtime = "",
): Promise<LoadedFunction> {
  return loadIn(scratchDirectory({ [handler.split(":")[0] ?? ""]: source }), hints, handler, runtime);
}

function loadIn(directory: string, hints: Partial<LoadHints>, handler: string, runtime = ""): Promise<LoadedFunction> {
  return loadFunction({ handler, runtime, searchPath: [directory] }, { ...noHints, ...hints });
}

async function kind(loading: Promise<LoadedFunction>): Promise<string> {
  const { contract, origin } = await loading;
  return `${contract} ${origin.exportName}`;
}

async function failure(
  loading: Promise<LoadedFunction>,
): Promise<{ code: string; setting: string | null; message: string }> {
  const error: unknown = await loading.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FunctionLoadError)) throw error ?? new Error("it loaded");
  // Directory names are random: they are left out.
  return {
    code: error.code,
    setting: error.setting,
    message: error.message.replaceAll(/\/\S*processor-test-\w+\//g, ""),
  };
}

describe("a Kubeless function", () => {
  const kubeless = (source: string, handler: string, file = "hello.js") =>
    kind(loadIn(scratchDirectory({ [file]: source }), {}, handler, "kubeless"));

  test("is the export its handler names, in CommonJS and ES modules", async () => {
    expect(await kubeless("module.exports = { fn() {}, other() {} };", "hello:fn")).toBe("kubeless fn");
    expect(await kubeless("exports.fn = () => {};", "hello.fn")).toBe("kubeless fn");
    expect(await kubeless("export function fn() {} export function other() {}", "hello.fn", "hello.ts")).toBe(
      "kubeless fn",
    );
    expect(await kubeless("export default { fn() {} };", "hello.fn", "hello.mjs")).toBe("kubeless fn");
  });

  test("is the module's export where that is a function itself", async () => {
    expect(await kubeless("module.exports = () => {};", "hello.fn")).toBe("kubeless default");
    expect(await kubeless("export default () => {};", "hello.ts", "hello.ts")).toBe("kubeless default");
  });

  test("that is not there is named with what is", async () => {
    const loading = loadIn(scratchDirectory({ "hello.js": "exports.other = () => {};" }), {}, "hello.fn", "kubeless");
    expect(await failure(loading)).toMatchObject({
      code: "NO_EXPORT",
      message: expect.stringContaining('export "fn" is missing'),
    });
  });
});

describe("the contract, undemanded", () => {
  test("a default function is middleware behind extproc and fetch behind anything else", async () => {
    const source = "export default () => {};";
    expect(await kind(load(source))).toBe("middleware default");
    expect(await kind(load(source, { kinds: ["http", "extproc"] }))).toBe("middleware default");
    expect(await kind(load(source, { kinds: [] }))).toBe("middleware default");
    expect(await kind(load(source, { kinds: ["http"] }))).toBe("fetch default");
    expect(await kind(load(source, { kinds: ["cron"] }))).toBe("fetch default");
  });

  test("a default export with fetch is a fetch handler, before everything else, with its own this", async () => {
    const loaded = await load(
      "export const handler = () => {}; export default { body: 'me', fetch() { return new Response(this.body); } };",
    );
    if (loaded.contract !== "fetch") throw new Error(loaded.contract);
    const response = await loaded.fetch(new Request("http://a/"), { upgrade: () => false, requestIP: () => null });
    expect(await response?.text()).toBe("me");
  });

  test("a default function comes before handler, handler before main", async () => {
    expect(await kind(load("export default () => {}; export function handler() {}"))).toBe("middleware default");
    expect(await kind(load("export function handler() {} export function main() {}"))).toBe("nuclio handler");
    expect(await kind(load("export function main() {}"))).toBe("kyma main");
  });

  test("a function of Digital Hub's form shows it by its parameters, but not behind Envoy", async () => {
    const source = "export default () => {}; export const train = (epochs, project) => {};";
    expect(await kind(load(source, { kinds: ["job"] }, "fn.ts:train"))).toBe("nuclio train");
    expect(await kind(load(source, { kinds: [] }, "fn.ts:train"))).toBe("nuclio train");
    expect(await kind(load(source, { kinds: ["extproc"] }, "fn.ts:train"))).toBe("middleware train");
  });

  test("module:export looks at that export only", async () => {
    const source =
      "export default () => {}; export function handler() {} export function gate() {} export const app = { fetch() {} };";
    expect(await kind(load(source, {}, "fn.ts:handler"))).toBe("nuclio handler");
    expect(await kind(load(source, {}, "fn.ts:gate"))).toBe("middleware gate");
    expect(await kind(load(source, { kinds: ["http"] }, "fn.ts:gate"))).toBe("fetch gate");
    expect(await kind(load(source, {}, "fn.ts:app"))).toBe("fetch app");
    expect(await kind(load(source, {}, "fn.ts:default"))).toBe("middleware default");
  });

  test("CommonJS modules are read as their module.exports", async () => {
    expect(await kind(load("exports.handler = () => {};", {}, "a.js"))).toBe("nuclio handler");
    expect(await kind(load("module.exports = () => {};", {}, "b.cjs"))).toBe("middleware default");
    expect(await kind(load("module.exports = { fetch() {} };", {}, "c.cjs"))).toBe("fetch default");
  });
});

describe("the contract, demanded", () => {
  test.each<[string, Partial<LoadHints>, string]>([
    ["a type", { hasType: true }, ""],
    ["runtime nodejs", {}, "nodejs"],
    ["runtime nodejs with a version", {}, "nodejs:20"],
    ["attributes.contract", { contract: "nuclio" }, ""],
  ])("%s takes handler, then default, then the only function as a Nuclio handler", async (_, hints, runtime) => {
    const all = "export default () => {}; export function handler() {} export function other() {}";
    expect(await kind(load(all, hints, "fn.ts", runtime))).toBe("nuclio handler");
    expect(await kind(load("export default () => {}; export function other() {}", hints, "fn.ts", runtime))).toBe(
      "nuclio default",
    );
    const one = "export function initContext() {} export function wrap() {} export const limit = 1;";
    expect(await kind(load(one, hints, "fn.ts", runtime))).toBe("nuclio wrap");
    expect(await kind(load(all, hints, "fn.ts:other", runtime))).toBe("nuclio other");
  });

  test("initContext belongs to a Nuclio handler", async () => {
    const loaded = await load("export function handler() { return 1; } export const initContext = () => 2;");
    if (loaded.contract !== "nuclio") throw new Error(loaded.contract);
    expect(loaded.initContext?.({} as never)).toBe(2);
    const without = await load("export function handler() {}");
    expect(without.contract === "nuclio" && without.initContext).toBeNull();
  });

  test("attributes.contract decides between middleware and fetch", async () => {
    const source = "export default () => {};";
    expect(await kind(load(source, { contract: "fetch" }))).toBe("fetch default");
    expect(await kind(load(source, { kinds: ["http"], contract: "middleware" }))).toBe("middleware default");
  });

  test.each([
    ["kubeless", "kubeless main"],
    ["kyma-nodejs", "kyma main"],
  ])("runtime %s decides", async (runtime, expected) => {
    const source = "export const main = () => {};";
    expect(await kind(load(source, {}, "fn.ts", runtime))).toBe(expected);
  });

  test("a runtime of another language is said not to run", async () => {
    const expected = {
      code: "NOT_SUPPORTED",
      setting: "spec.runtime",
      message:
        '"golang" names another language, which this version does not run: it runs JavaScript and TypeScript as middleware, fetch handlers and functions for Nuclio, Kubeless and Kyma, and Python as Nuclio handlers',
    };
    expect(await failure(load("export function handler() {}", {}, "fn.ts", "golang"))).toEqual(expected);
    expect(await failure(load("export function handler() {}", { hasType: true }, "fn.ts", "golang"))).toEqual(expected);
  });

  test("MOD_NAME names a Kubeless function unless a type or runtime decides first", async () => {
    const environment = { ...noHints.environment, MOD_NAME: "hello" };
    expect(await kind(load("export default () => {};", { environment }))).toBe("kubeless default");
    expect(await kind(load("export function handler() {}", { environment, hasType: true }))).toBe("nuclio handler");
    expect(await kind(load("export function handler() {}", { environment }, "fn.ts", "nodejs"))).toBe("nuclio handler");
  });
});

describe("no or several exports", () => {
  test("none: the error lists what there is", async () => {
    expect(await failure(load("export const handler = 'x'; export default { a: 1 };"))).toEqual({
      code: "NO_EXPORT",
      setting: null,
      message:
        "fn.ts: it exports no function that can be run: export default a function, or export a Nuclio handler named handler\nits exports: default (object), handler (string)",
    });
    expect(await failure(load("const a = 1;"))).toMatchObject({
      message: expect.stringContaining("\nits exports: none") as string,
    });
  });

  test("several: the error lists them and says how to name one", async () => {
    expect(await failure(load("export function one() {} export function two() {}", { hasType: true }))).toEqual({
      code: "SEVERAL_EXPORTS",
      setting: "spec.handler",
      message:
        'fn.ts: any of one, two may be the function: name one in spec.handler, as in "file:one"\nits exports: one (function), two (function)',
    });
  });

  test("the one named is missing or no function", async () => {
    const source = "export const limit = 1;";
    expect(await failure(load(source, {}, "fn.ts:gate"))).toEqual({
      code: "NO_EXPORT",
      setting: "spec.handler",
      message: 'fn.ts: export "gate" is missing\nits exports: limit (number)',
    });
    expect(await failure(load(source, { hasType: true }, "fn.ts:limit"))).toMatchObject({
      message: 'fn.ts: export "limit" is not a function\nits exports: limit (number)',
    });
    expect(await failure(load("module.exports = function f() {};", {}, "fn.cjs:gate"))).toMatchObject({
      message: 'fn.cjs: export "gate" is missing\nits exports: default (function)',
    });
  });
});

describe("modules that cannot be loaded", () => {
  test("a syntax error has its line and a pointer", async () => {
    expect(await failure(load("export default () => {\n  const x = ;\n};"))).toEqual({
      code: "SYNTAX_ERROR",
      setting: null,
      message: "fn.ts:2:13: Unexpected ;\n    const x = ;\n              ^",
    });
  });

  test("several syntax errors: the first, and how many more", async () => {
    expect(await failure(load("const a = 1;\nconst a = 2;\nconst b = 1;\nconst b = 2;"))).toMatchObject({
      message: 'fn.ts:2:7: "a" has already been declared (and 1 more)\n  const a = 2;\n        ^',
    });
  });

  test("a missing export of another module is named", async () => {
    expect(await failure(load('import { nonesuch } from "node:path";\nexport default () => nonesuch;'))).toMatchObject({
      code: "SYNTAX_ERROR",
      message: "fn.ts:1: Export named 'nonesuch' not found in module 'node:path'.",
    });
  });

  test("a missing package has its line and the command that installs it", async () => {
    expect(await failure(load('// hi\nimport { z } from "@scope/not-there/sub";\nexport default () => z;'))).toEqual({
      code: "IMPORT_NOT_FOUND",
      setting: null,
      message:
        'fn.ts:2: cannot find "@scope/not-there/sub": install it beside the function: "bun add @scope/not-there" (or npm) in its directory',
    });
    expect(
      await failure(load("const z = require('not-there');\nexports.handler = () => z;", {}, "fn.js")),
    ).toMatchObject({
      message:
        'fn.js:1: cannot find "not-there": install it beside the function: "bun add not-there" (or npm) in its directory',
    });
  });

  test("a missing file of a module the function imports is named where it is imported", async () => {
    const dir = scratchDirectory({
      "fn.ts": 'import "./lib.ts";\nexport default () => {};',
      "lib.ts": '\nimport "./gone.ts";',
    });
    expect(await failure(loadIn(dir, {}, "fn.ts"))).toMatchObject({
      code: "IMPORT_NOT_FOUND",
      message: 'lib.ts:2: cannot find "./gone.ts": there is no such file',
    });
  });

  test("a throw while loading has its line", async () => {
    expect(await failure(load("export default () => {};\nnull.foo;"))).toEqual({
      code: "THROWN_AT_IMPORT",
      setting: null,
      message:
        "fn.ts:2:1: the function throws while it is loaded\nTypeError: null is not an object (evaluating 'null.foo')",
    });
    expect(await failure(load('await Promise.reject("text");'))).toMatchObject({
      message: 'fn.ts: the function throws while it is loaded\nthrown without an Error: "text"',
    });
  });

  test("the types package is erased as a type and refused as a value", async () => {
    const typed = 'import { Middleware } from "digitalhub-processor";\nexport default (() => {}) satisfies Middleware;';
    expect(await kind(load(typed))).toBe("middleware default");
    expect(
      await failure(load('import { Middleware } from "digitalhub-processor";\nexport default () => Middleware;')),
    ).toEqual({
      code: "IMPORT_NOT_FOUND",
      setting: null,
      message:
        'fn.ts:1: "digitalhub-processor" has types only: the function needs none of it at run time, import it with "import type"',
    });
    expect(
      await failure(load('const { x } = require("digitalhub-processor"); exports.handler = () => x;', {}, "fn.cjs")),
    ).toMatchObject({
      code: "IMPORT_NOT_FOUND",
    });
  });
});

test("the origin names the real file and the export", async () => {
  const dir = scratchDirectory({ "fn.ts": "export default () => {};" });
  expect((await loadIn(dir, {}, "fn")).origin).toEqual({ file: join(dir, "fn.ts"), exportName: "default" });
});
