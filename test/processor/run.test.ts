/** `processor run FILE` without a configuration: what the function exports decides how it is served. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "../support/executable.ts";
import { startProcess } from "../support/process.ts";
import { withoutOwnServers } from "../support/run-to-end.ts";

const directory = scratchDirectory({
  "fetch.ts": 'export default { fetch: () => new Response("from fetch") };',
  "request.ts": 'export default (request: Request) => new Response("from " + request.method);',
  "req.cjs": 'module.exports = async function (req, server) { return new Response("from " + typeof server); };',
  "nuclio.js": 'exports.handler = (context, event) => "from " + event.trigger.kind;',
  "kyma.js": 'module.exports = { main: (event) => "from " + event.extensions.request.method };',
  "python.py": 'def handler(context, event):\n    return "from python"\n',
  "gate.ts": "export default async (exchange, next) => { await next(); };",
  "reexport.ts": 'export { default } from "./gate.ts";',
  "job.ts": 'export function handler(context, event) { return "from " + event.trigger.kind; }',
});

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startProcess({
    command: [await executablePath(), "run", ...args],
    cwd: directory,
    env: { ...withoutOwnServers, ...env },
  });
}

/** The message of a line of the log. */
const messageOf = (line: string): string => (JSON.parse(line) as { readonly message: string }).message;

describe("a function that answers requests", () => {
  test.each([
    ["fetch.ts", "fetch", "from fetch"],
    ["request.ts", "fetch", "from GET"],
    ["req.cjs", "fetch", "from object"],
    ["nuclio.js", "nuclio", "from http"],
    ["kyma.js", "kyma", "from GET"],
    ["python.py", "python", "from python"],
  ])(
    "%s is served over HTTP, and the line to try it works",
    async (file, contract, answer) => {
      await using processor = await start([file, "--port", "0"]);
      const hint = messageOf(await processor.waitForLine(/try it/, 10_000));
      const [, url = ""] = /^try it: curl (http:\/\/localhost:\d+\/)$/.exec(hint) ?? [];
      expect(await (await fetch(url)).text()).toBe(answer);
      const listens = messageOf(await processor.waitForLine(/worker"/));
      expect(listens).toBe(
        `http "http" on 0.0.0.0:${new URL(url).port}: ${contract} ${join(directory, file)}, 1 worker`,
      );
    },
    15_000,
  );
});

test.each(["gate.ts", "reexport.ts"])(
  "middleware, as in %s, serves Envoy, and the line to try it works",
  async (file) => {
    await using processor = await start([file, "--port", "0"]);
    const hint = messageOf(await processor.waitForLine(/try it/));
    const [, address = ""] = /^try it: processor invoke (localhost:\d+)$/.exec(hint) ?? [];
    const invoke = Bun.spawn([await executablePath(), "invoke", address], { stdout: "pipe", stderr: "pipe" });
    expect(await invoke.stdout.text()).toEndWith("\nCompleted.\n");
  },
);

test("--trigger decides otherwise", async () => {
  await using job = await start(["job.ts", "--trigger", "job"]);
  expect(await job.exited).toBe(0);
  expect(messageOf(await job.waitForLine(/succeeded/))).toEndWith(": 200, from job");
  await using http = await start(["gate.ts", "--trigger", "http", "--port", "0"]);
  const hint = messageOf(await http.waitForLine(/try it/));
  // Middleware with nothing behind it.
  expect((await fetch(hint.slice("try it: curl ".length))).status).toBe(404);
});

test("a default port that is taken is an error that names the setting", async () => {
  using taken = Bun.serve({ hostname: "0.0.0.0", port: 0, fetch: () => new Response() });
  await using processor = await start(["fetch.ts", "--port", String(taken.port)]);
  expect(await processor.exited).toBe(1);
  expect(processor.lines).toEqual([
    `processor: port ${taken.port} of trigger "http" is in use by another process`,
    "  setting: spec.triggers.http.attributes.port",
  ]);
});

describe("a wrong command line is told", () => {
  test.each<[readonly string[], Readonly<Record<string, string>>, string]>([
    [["fetch.ts", "--trigger", "htpp"], {}, 'there is no trigger kind "htpp": it is one of'],
    [["job.ts", "--trigger", "job", "--port", "1"], {}, "--port does not go with --trigger job, which listens nowhere"],
    [["fetch.ts", "--port", "70000"], {}, '--port must be a number from 0 to 65535, not "70000"'],
    [
      ["job.ts", "--port", "1"],
      { PROCESSOR_TRIGGERS__ONCE__KIND: "job" },
      "--trigger and --port are for functions without",
    ],
  ])("%j", async (args, env, message) => {
    await using processor = await start(args, env);
    expect(await processor.exited).toBe(2);
    expect((await processor.waitForLine(/^processor: /)).slice("processor: ".length)).toStartWith(message);
  });
});
