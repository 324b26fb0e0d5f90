/** A function that stands in the configuration runs as from a file, and nothing of it outlives the process. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { scratchDirectory } from "../../src/function/scratch-directory.test-support.ts";
import { executablePath } from "../support/executable.ts";
import { startProcessor } from "../support/processor.ts";
import { openExchangeClient } from "./exchange-client.ts";

const code = `import type { Middleware } from "digitalhub-processor";
const calls: { count: number } = { count: 0 };
export const gate: Middleware = ({ request }) => {
  if (request.path === "/exit") process.exit(3);
  request.headers.set("x-from", "\${SET} " + ++calls.count);
};
`;

test.each([
  ["text", code],
  ["base64", Buffer.from(code).toString("base64")],
])("a source as %s serves, written once for all workers and those that replace them", async (_, functionSourceCode) => {
  const temporary = scratchDirectory();
  await using processor = await startProcessor({
    function: { source: "this would not load" },
    numWorkers: 2,
    spec: { handler: "main:gate", build: { functionSourceCode } },
    env: { TMPDIR: temporary },
  });
  using client = openExchangeClient(processor.port);
  expect((await client.exchange("/")).set).toEqual({ "x-from": "${SET} 1" });
  const written = readdirSync(temporary);
  expect(written).toHaveLength(1);
  await client.exchange("/exit").catch(() => "lost");
  await processor.waitForLine(/serves again/u);
  expect((await client.exchange("/")).set["x-from"]).toStartWith("${SET} ");
  expect(readdirSync(temporary)).toEqual(written);

  expect(await processor.stop()).toBe(0);
  expect(readdirSync(temporary)).toEqual([]);
});

test("a start that ends over Python in the configuration points at its line there", async () => {
  const command = [await executablePath(), "--config", "source-in-python-with-syntax-error.yaml"];
  const env = {
    ...process.env,
    PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PORT: "0",
    PROCESSOR_PLATFORM__HEALTH_CHECK__LISTEN_ADDRESS: "127.0.0.1:0",
    PROCESSOR_PLATFORM__WEB_ADMIN__LISTEN_ADDRESS: "127.0.0.1:0",
    PROCESSOR_PLATFORM__METRICS__LISTEN_ADDRESS: "127.0.0.1:0",
  };
  const child = Bun.spawn(command, { cwd: `${import.meta.dir}/../bad-config`, env, stderr: "pipe" });
  expect(await child.stderr.text()).toContain(
    "source-in-python-with-syntax-error.yaml:7:18 spec.build.functionSourceCode [syntax-error]\n7 |           return = event.body\n",
  );
  expect(await child.exited).toBe(1);
});

test("processor validate points at the line in the configuration", async () => {
  const command = [await executablePath(), "validate", "--config", "source-with-syntax-error.yaml"];
  const child = Bun.spawn(command, { cwd: `${import.meta.dir}/../bad-config`, stdout: "pipe" });
  expect(await child.stdout.text()).toBe(
    [
      "error: Unexpected ;",
      "  --> source-with-syntax-error.yaml:7:42 spec.build.functionSourceCode [syntax-error]",
      "7 |         const body = event.body.toString(;",
      "  |                                          ^",
      "",
      "1 error",
      "",
    ].join("\n"),
  );
  expect(await child.exited).toBe(1);
});
