/**
 * `bun run conformance property`: 100,000 interleavings, in a process for each processor. Seeds begin behind those `bun test`
 * plays, or at `PROPERTY_SEED`.
 */
import { availableParallelism } from "node:os";
import { playSeeds, report } from "./interleavings.ts";

const COUNT = 100_000;
const FIRST = Number(process.env["PROPERTY_SEED"] ?? 10_001);
const [from, count] = process.argv.slice(2).map(Number);

if (from === undefined || count === undefined) {
  const parts = availableParallelism();
  const share = Math.ceil(COUNT / parts);
  const runs = Array.from({ length: parts }, (_, part) => {
    const first = FIRST + part * share;
    const seeds = Math.min(share, COUNT - part * share);
    const command = [process.execPath, import.meta.path, String(first), String(seeds)];
    return Bun.spawn(command, { stdio: ["ignore", "inherit", "inherit"] }).exited;
  });
  const codes = await Promise.all(runs);
  process.exit(codes.every((code) => code === 0) ? 0 : 1);
}

const started = performance.now();
const broken = await playSeeds(from, count, 5);
for (const one of broken) console.log(report(one));
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `seeds ${from} to ${from + count - 1}: ${broken.length === 0 ? "every rule kept" : "rules broken"}, ${seconds} s`,
);
process.exit(broken.length === 0 ? 0 : 1);
