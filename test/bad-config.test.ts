/** What the executable says of the bad configurations: exit codes, JSON, and text a person can act on. */
import { describe, expect, test } from "bun:test";
import type { ConfigProblem } from "../src/config/contract.ts";
import { badConfigs } from "./bad-config/expected.ts";
import { folder, summarizeProblems } from "./bad-config/summarize.ts";
import { executablePath } from "./support/executable.ts";

const executable = await executablePath();

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = Bun.spawn([executable, ...args], {
    cwd: folder,
    env: environment,
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { exitCode: child.exitCode, stdout, stderr };
}

function fileArguments(name: string): readonly string[] {
  return name.startsWith("platform-")
    ? ["hello.ts", "--platform-config", `${name}.yaml`]
    : ["--config", `${name}.yaml`];
}

describe("processor validate --json reports the table's problems and exits by them", () => {
  for (const [name, { environment = {}, problems }] of Object.entries(badConfigs)) {
    test(name, async () => {
      const { exitCode, stdout, stderr } = await run(["validate", "--json", ...fileArguments(name)], environment);
      const report = JSON.parse(stdout) as { valid: boolean; problems: ConfigProblem[] };
      const valid = problems.every((line) => line.startsWith("warning"));
      expect({ exitCode, stderr, valid: report.valid }).toEqual({ exitCode: valid ? 0 : 1, stderr: "", valid });
      expect(summarizeProblems(report.problems, problems)).toEqual(problems);
    });
  }
});

test("processor validate shows the line, the place in it and the mend", async () => {
  expect(await run(["validate", "--config", "misspelt-type.yaml"])).toEqual({
    exitCode: 1,
    stderr: "",
    stdout: [
      'error: "type" must be preprocessor, postprocessor, wrapprocessor or observeprocessor, not "preprocesor" - did you mean "preprocessor"?',
      "  --> misspelt-type.yaml:7:15 spec.triggers.gate.attributes.type [bad-value]",
      "7 |         type: preprocesor",
      "  |               ^^^^^^^^^^^",
      "",
      "1 error",
      "",
    ].join("\n"),
  });
});

test("processor validate --strict takes warnings for errors", async () => {
  const args = ["validate", "--config", "field-for-kubernetes.yaml"];
  expect((await run(args)).exitCode).toBe(0);
  const strict = await run([...args, "--strict"]);
  expect(strict.exitCode).toBe(1);
  expect(strict.stdout).toStartWith('error: "resources" has no effect here');
});

test("processor run ends at once with every problem and without a stack", async () => {
  const { exitCode, stderr } = await run(["run", "--config", "several-problems.yaml"]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("several-problems.yaml:12:15");
  expect(stderr).toContain("several-problems.yaml:17:20");
  expect(stderr).not.toContain("    at ");
});

test("a configuration file that is missing is named, with the folder it was looked for from", async () => {
  const { exitCode, stdout } = await run(["validate", "--config", "nowhere.yaml"]);
  expect(exitCode).toBe(1);
  expect(stdout).toContain(`nowhere.yaml does not exist: is the path right, seen from ${folder}?`);
});
