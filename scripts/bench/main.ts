/** `bun run bench`: measures the compiled executable beside the same service on @grpc/grpc-js. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRunningProcesses } from "../../test/support/process.ts";
import { buildExecutable } from "../build.ts";
import type { Section } from "./bench.ts";
import { type Contestant, grpcJsOnBun, grpcJsOnNode, processorContestant } from "./contestants.ts";
import type { Figure } from "./figures.ts";
import { describeMachine, findDisturbances } from "./machine.ts";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import { renderRun, type Run, updateDocs } from "./report.ts";
import { headersOnly, pingPong } from "./sections/direct.ts";
import { bodiesThroughEnvoy } from "./sections/bodies.ts";
import { envoyBenchmarkShapes } from "./sections/envoy-shapes.ts";
import { coldStart } from "./sections/start.ts";
import { throughEnvoy } from "./sections/through-envoy.ts";

const sections: readonly Section[] = [
  pingPong,
  headersOnly,
  envoyBenchmarkShapes,
  throughEnvoy,
  coldStart,
  bodiesThroughEnvoy,
];

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
  const scratch = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const contestants = await findContestants(chosen, scratch);
    const figures: Figure[] = [];
    for (const section of sections) {
      if (!chosen.sections.includes(section.id)) continue;
      progress(`${section.id}: ${section.title}`);
      try {
        figures.push(...(await section.run({ ...chosen, contestants, progress })));
      } catch (error) {
        // What the other sections found is not lost.
        process.exitCode = 1;
        console.error(error);
      }
    }
    return {
      date: new Date().toISOString().slice(0, 10),
      machine,
      rounds: chosen.rounds,
      contestants: contestants.map(({ name }) => name),
      figures,
      disturbances: findDisturbances(machine, figures),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function findContestants(chosen: BenchOptions, scratch: string): Promise<Contestant[]> {
  const onBuild = (): void => progress("building dist/processor…");
  const executable = chosen.executable ?? (await buildExecutable({ onBuild })).path;
  const onNode = grpcJsOnNode();
  if (onNode === null) progress("no Node on this machine: grpc-js runs on Bun only");
  return [processorContestant(executable, scratch), grpcJsOnBun(), ...(onNode === null ? [] : [onNode])];
}

/** On standard error, so that the results alone are on standard output. */
function progress(text: string): void {
  console.error(text);
}
