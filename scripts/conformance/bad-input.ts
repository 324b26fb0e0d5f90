/**
 * A thousand of every kind of bad input in a row, for every contract of functions, against the running executable: each
 * has the answer that is specified, another connection is served meanwhile, memory stays flat, and the process lives.
 */
import { attributes, type BadInput, subjects } from "../../test/bad-input/cases.ts";
import { runBadInput } from "../../test/bad-input/run.ts";
import { killRunningProcesses } from "../../test/support/process.ts";
import { startProcessor } from "../../test/support/processor.ts";
import { readTreeUsage } from "../bench/process-tree.ts";
import { Checks } from "./checks.ts";

const times = 1000;
/** Before memory is looked at: code is compiled and heaps have their size. */
const warmUpTimes = 200;
const allowedGrowthBytes = 32e6;

process.on("exit", killRunningProcesses);
const checks = new Checks();
for (const { name, file, spec, numWorkers, cases } of subjects) {
  await using processor = await startProcessor({
    kind: "http",
    function: { file },
    triggers: { api: attributes },
    numWorkers,
    spec,
  });
  const run = (input: BadInput, count: number): Promise<string[]> =>
    runBadInput(processor.port, input, count * (input.share ?? 1));
  for (const input of cases) if (input.seconds === undefined) await run(input, warmUpTimes);
  const before = await settledBytes(processor.pid);
  for (const input of cases) checks.equal(`${name}: ${input.name}`, await run(input, times), []);
  const grownBytes = (await settledBytes(processor.pid)) - before;
  const megabytes = `${(before / 1e6).toFixed(0)} MB, ${(grownBytes / 1e6).toFixed(1)} MB more after it`;
  checks.equal(`${name}: memory stays flat (${megabytes})`, grownBytes <= allowedGrowthBytes, true);
  checks.equal(`${name}: the process lives until it is asked to end`, await processor.stop(), 0);
}
checks.finish();

/** The least of some seconds: a collector gives back in its own time. */
async function settledBytes(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let second = 0; second < 4; second++) {
    await Bun.sleep(1000);
    least = Math.min(least, readTreeUsage(pid).rssBytes);
  }
  return least;
}
