/**
 * `bun run verify`: format, lint with the layering rules, types and unit tests. Runs every step even after a failure, so
 * that one run shows all there is to mend; exits 1 if any step failed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "./build.ts";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const bun = process.execPath;
const oxlint = join(repositoryRoot, "node_modules", "oxlint", "bin", "oxlint");

const steps: readonly Step[] = [
  { name: "format", command: [bun, "fmt", "--check"] },
  { name: "lint and layering", command: [bun, oxlint, "--type-aware", "--deny-warnings"] },
  { name: "types", command: [bun, "check"] },
  { name: "unit tests", command: [bun, "test", "--only-failures", "src", "scripts"] },
];

const directory = await mkdtemp(join(tmpdir(), "verify-"));
const failed: string[] = [];
for (const step of steps) {
  const started = performance.now();
  // Into a file: a tool may end before a pipe has taken all of its report.
  const output = join(directory, "output");
  const code = await Bun.spawn(["sh", "-c", 'exec "$@" >"$0" 2>&1', output, ...step.command], { cwd: repositoryRoot })
    .exited;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok    " : "FAILED"}  ${step.name}  (${seconds} s)`);
  if (code === 0) continue;
  failed.push(step.name);
  console.log(`\n${await Bun.file(output).text()}`);
}
await rm(directory, { recursive: true });

if (failed.length > 0) {
  console.log(`verify failed: ${failed.join(", ")}`);
  process.exit(1);
}
console.log("verify passed");
