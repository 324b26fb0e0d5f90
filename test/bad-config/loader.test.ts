/** The loader says of every bad configuration what the table demands: its line, and how to mend it. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { type LoadConfigInput, loadConfig } from "../../src/config/load.ts";
import { type BadConfig, badConfigs } from "./expected.ts";
import { folder, summarizeProblems } from "./summarize.ts";

describe("a bad configuration gets every problem with line, column and mend", () => {
  for (const [name, expected] of Object.entries(badConfigs)) {
    test(name, () => {
      const { config, problems } = loadConfig(inputOf(name, expected));
      expect(summarizeProblems(problems, expected.problems)).toEqual(expected.problems);
      expect(config === null).toBe(expected.problems.some((line) => line.startsWith("error")));
    });
  }
});

test("every file of the folder has an entry in the table", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const named = Object.keys(badConfigs).map((name) => `${name}.yaml`);
  expect(files.toSorted()).toEqual(named.toSorted());
});

function inputOf(name: string, { environment = {} }: BadConfig): LoadConfigInput {
  const base = { environment, cwd: folder, requireFunction: true };
  if (name.startsWith("platform-")) return { ...base, platformFile: `${name}.yaml`, functionFile: "hello.ts" };
  return { ...base, file: `${name}.yaml` };
}
