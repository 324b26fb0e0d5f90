/** `bun run bench`: measures the compiled executable beside what does the same. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRunningProcesses } from "../../test/support/process.ts";
import { buildExecutable } from "../build.ts";
import type { SectionResult } from "./bench.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import { renderRun, type Run, updateDocs } from "./report.ts";

process.on("exit", killRunningProcesses);
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const options = parseOptions(process.argv.slice(2));
if (options === null) {
  console.log(usage);
} else {
  const run = await runBench(options);
  console.log(options.json ? JSON.stringify(run, null, 2) : renderRun(run));
  if (options.updateDocs) await updateDocs(run);
}

async function runBench(chosen: BenchOptions): Promise<Run> {
  const machine = describeMachine();
  if (machine.node === null) progress("no Node on this machine: what runs on it is left out");
  const onBuild = (): void => progress("building dist/processor…");
  const executable = chosen.executable ?? (await buildExecutable({ onBuild })).path;
  const scratch = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const results: SectionResult[] = [];
    for (const { id, title, run } of chosen.sections) {
      progress(`${id}: ${title}`);
      try {
        results.push({ id, title, tables: await run({ ...chosen, executable, scratch, progress }) });
      } catch (error) {
        // What the other sections found is not lost.
        process.exitCode = 1;
        console.error(error);
      }
    }
    return { date: new Date().toISOString().slice(0, 10), machine, rounds: chosen.rounds, results };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** On standard error, so that the results alone are on standard output. */
function progress(text: string): void {
  console.error(text);
}
