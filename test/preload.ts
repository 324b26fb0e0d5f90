/**
 * Before the first test: what the tests under `test/` need is built and fetched, once, so that no test's own time limit
 * pays for it. Runs that name only other folders start at once. What fails here fails again, with its reason, in the
 * tests that need it.
 */
import { afterAll } from "bun:test";
import { readFile } from "node:fs/promises";
import { envoyVersions } from "../scripts/fetch-envoy.ts";
import { removeScratchDirectories } from "../src/function/scratch-directory.test-support.ts";
import { envoyPath, executablePath } from "./support/executable.ts";
import { killRunningProcesses } from "./support/process.ts";

/** The test runner hides its own arguments from `process.argv`; without /proc everything is prepared. */
const commandLine = await readFile("/proc/self/cmdline", "latin1").catch(() => "");
const words = commandLine.split("\0").slice(2);
const paths = words.filter((word) => word !== "" && !word.startsWith("-"));
if (paths.length === 0 || paths.some((path) => path.includes("test/"))) {
  const prepared = await Promise.allSettled([executablePath(), ...envoyVersions.map(envoyPath)]);
  for (const result of prepared) {
    if (result.status === "rejected") console.error(String(result.reason));
  }
}

afterAll(() => {
  killRunningProcesses();
  removeScratchDirectories();
});
