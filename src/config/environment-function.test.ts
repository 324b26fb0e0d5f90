import { expect, test } from "bun:test";
import * as v from "valibot";
import { scratchDirectory } from "../function/scratch-directory.test-support.ts";
import type { TriggerKind } from "../triggers/contract.ts";
import { loadConfig } from "./load.ts";

/** Kinds that know nothing but a port. */
const kinds: TriggerKind[] = ["extproc", "http"].map((kind) => ({
  kind,
  attributes: v.object({ port: v.optional(v.number(), 8080) }),
  placement: "every-worker",
  open: () => Promise.reject(new Error("not opened here")),
}));

function load(environment: Record<string, string>, file?: string, functionFile?: string) {
  const cwd = scratchDirectory(file === undefined ? {} : { "processor.yaml": file });
  const { config, problems } = loadConfig(
    {
      cwd,
      environment,
      ...(file !== undefined && { file: "processor.yaml" }),
      ...(functionFile !== undefined && { functionFile }),
    },
    kinds,
  );
  if (config === null) return problems.map(({ message }) => message);
  const { handler, runtime, searchPath } = config.function;
  return {
    handler: handler.replace(cwd, "."),
    runtime,
    searchPath: searchPath.map((path) => path.replace(cwd, ".")),
    triggers: Object.fromEntries(config.triggers.map(({ name, kind, attributes }) => [name, [kind, attributes]])),
  };
}

const kubeless = { MOD_NAME: "hello", FUNC_HANDLER: "fn" };

test("MOD_NAME and FUNC_HANDLER name a Kubeless function behind http, FUNC_PORT its port", () => {
  expect(load(kubeless)).toEqual({
    handler: "hello:fn",
    runtime: "kubeless",
    searchPath: ["/kubeless", ".", "/opt/nuclio"],
    triggers: { http: ["http", { port: 8080 }] },
  });
  expect(load({ ...kubeless, KUBELESS_INSTALL_VOLUME: "/functions", FUNC_PORT: "9000" })).toMatchObject({
    searchPath: ["/functions", ".", "/opt/nuclio"],
    triggers: { http: ["http", { port: 9000 }] },
  });
});

test("HANDLER_PATH names a Kyma function, FUNC_NAME alone stands for handler.js", () => {
  const triggers = { http: ["http", { port: 8080 }] };
  const shared = { runtime: "kyma", searchPath: [".", "/opt/nuclio"], triggers };
  expect(load({ HANDLER_PATH: "./function/handler.js" })).toEqual({ handler: "./function/handler.js", ...shared });
  expect(load({ FUNC_NAME: "orders" })).toEqual({ handler: "./handler.js", ...shared });
});

test("from Node.js 26 on HANDLER_PATH is a directory, and SERVER_PORT the port", () => {
  const environment = { FUNC_NAME: "orders", FUNC_RUNTIME: "nodejs26" };
  expect(load(environment)).toMatchObject({ handler: "./handler:main", runtime: "kyma" });
  const more = { HANDLER_PATH: "function", HANDLER_MOD_NAME: "app", HANDLER_FUNC_NAME: "run", SERVER_PORT: "9000" };
  expect(load({ ...environment, ...more, FUNC_PORT: "1" })).toMatchObject({
    handler: "./function/app:run",
    triggers: { http: ["http", { port: 9000 }] },
  });
});

test("a MOD_NAME without FUNC_HANDLER is an error", () => {
  expect(load({ MOD_NAME: "hello" })).toEqual([
    "MOD_NAME names a module, but FUNC_HANDLER, the name of the function in it, is not set",
  ]);
});

test("functions of the two systems in other languages are not served", () => {
  const python = { MOD_NAME: "handler", FUNC_HANDLER: "main", FUNC_RUNTIME: "python3.8" };
  expect(load(python)).toEqual([
    "FUNC_RUNTIME is python3.8: of Kubeless and Kyma, functions in JavaScript and TypeScript are served",
  ]);
  expect(load({ ...python, FUNC_RUNTIME: "python312" }, "spec: { handler: own.ts }\n")).toMatchObject({
    handler: "own.ts",
  });
});

test("a configuration's or command line's function goes before the environment's", () => {
  const triggers = { extproc: ["extproc", { port: 8080 }] };
  expect(load({ FUNC_NAME: "orders" }, "spec:\n  handler: own.ts\n")).toMatchObject({ handler: "own.ts", triggers });
  expect(load({ FUNC_NAME: "orders" }, undefined, "own.ts")).toMatchObject({ handler: "./own.ts", triggers });
  expect(load(kubeless, "spec:\n  triggers: { api: { kind: http } }\n")).toMatchObject({ handler: "hello:fn" });
});

test("FUNC_PORT is the port of http triggers of Kubeless and Kyma functions that name none", () => {
  const file = `spec:
  runtime: kubeless
  handler: hello.fn
  triggers:
    bare: { kind: http }
    empty: { kind: http, attributes: {} }
    own: { kind: http, attributes: { port: 7000 } }
    url: { kind: http, url: ":7001" }
    proxy: { kind: extproc, attributes: { port: 7002 } }
`;
  const ports = (environment: Record<string, string>, text: string) => {
    const loaded = load(environment, text);
    return Array.isArray(loaded) ? loaded : Object.values(loaded.triggers).map((trigger) => trigger[1]);
  };
  const byDefault = [{ port: 8080 }, { port: 8080 }, { port: 7000 }, { port: 8080 }, { port: 7002 }];
  const named = [{ port: 9000 }, { port: 9000 }, { port: 7000 }, { port: 8080 }, { port: 7002 }];
  expect(ports({ FUNC_PORT: "9000" }, file)).toEqual(named);
  expect(ports({ FUNC_PORT: "tcp://10.0.0.1:80" }, file)).toEqual(byDefault);
  expect(ports({ FUNC_PORT: "9000" }, file.replace("kubeless", "nodejs"))).toEqual(byDefault);
  expect(ports({ FUNC_PORT: "none" }, file)).toEqual(expect.arrayContaining([expect.stringContaining("number")]));
});
