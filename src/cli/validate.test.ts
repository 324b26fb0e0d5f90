import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandArguments, CommandIo } from "./command.ts";
import { schemaCommand } from "./schema.ts";
import { validateCommand } from "./validate.ts";

const cwd = mkdtempSync(join(tmpdir(), "processor-validate-"));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, "hello.ts"), "export default () => {};\n");
writeFileSync(
  join(cwd, "good.yaml"),
  "spec: { handler: hello.ts, triggers: { gate: { kind: extproc, numWorkers: 2 } } }\n",
);
writeFileSync(join(cwd, "warned.yaml"), "spec: { handler: hello.ts, replicas: 1 }\n");
writeFileSync(join(cwd, "broken.yaml"), "spec: { handler: helo.ts, eventTimeout: 5 }\n");

interface Options {
  readonly positionals?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
  readonly switches?: readonly string[];
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

async function run(command: typeof validateCommand, setup: Options) {
  let stdout = "";
  let stderr = "";
  const args: CommandArguments = {
    positionals: setup.positionals ?? [],
    option: (name) => setup.options?.[name],
    all: () => [],
    has: (name) => setup.switches?.includes(name) ?? false,
  };
  const isTerminal = setup.terminal ?? false;
  const io: CommandIo = {
    stdout: { isTerminal, write: (text) => void (stdout += text) },
    stderr: { isTerminal, write: (text) => void (stderr += text) },
    env: setup.env ?? {},
    cwd,
    entry: new URL(import.meta.url),
  };
  return { exitCode: await command.run(args, io), stdout, stderr };
}

test("a good configuration is told what it runs", async () => {
  expect(await run(validateCommand, { options: { config: "good.yaml" } })).toEqual({
    exitCode: 0,
    stdout: "valid: function hello.ts, trigger gate (extproc, 2 workers)\n",
    stderr: "",
  });
});

test("a function alone can be checked too", async () => {
  const { exitCode, stdout } = await run(validateCommand, { positionals: ["hello.ts"] });
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: `valid: function ${join(cwd, "hello.ts")}, behind the trigger its exports decide\n`,
  });
});

test("warnings pass, unless strict", async () => {
  const setup = { options: { config: "warned.yaml" } };
  const relaxed = await run(validateCommand, setup);
  expect(relaxed.exitCode).toBe(0);
  expect(relaxed.stdout).toStartWith('warning: "replicas" has no effect here');
  expect(relaxed.stdout).toEndWith("1 warning\nvalid: function hello.ts, behind the trigger its exports decide\n");
  const strict = await run(validateCommand, { ...setup, switches: ["strict"] });
  expect(strict.exitCode).toBe(1);
  expect(strict.stdout).toEndWith("1 error\n");
});

test("errors of settings and a function that is not there are reported together", async () => {
  const { exitCode, stdout } = await run(validateCommand, { options: { config: "broken.yaml" }, switches: ["json"] });
  const report = JSON.parse(stdout) as { valid: boolean; problems: { code: string }[] };
  expect({ exitCode, valid: report.valid, codes: report.problems.map(({ code }) => code) }).toEqual({
    exitCode: 1,
    valid: false,
    codes: ["function-not-found", "bad-value"],
  });
});

test("a terminal gets colours, unless NO_COLOR says otherwise", async () => {
  const setup = { options: { config: "broken.yaml" }, terminal: true };
  expect((await run(validateCommand, setup)).stdout).toContain("\u001b[");
  expect((await run(validateCommand, { ...setup, env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b[");
});

test("the schema of each file is printed as JSON", async () => {
  const title = async (switches: string[]) => JSON.parse((await run(schemaCommand, { switches })).stdout).title;
  expect([await title([]), await title(["platform"])]).toEqual([
    "Configuration of a function",
    "Configuration of the platform",
  ]);
});
