/**
 * `bun run verify`: format, lint with the layering rules, types and unit tests. Runs every step even after a failure, so
 * that one run shows all there is to mend; exits 1 if any step failed.
 */
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
  { name: "unit tests", command: [bun, "test", "src", "scripts"] },
];

const failed: string[] = [];
for (const step of steps) {
  const started = performance.now();
  const child = Bun.spawn([...step.command], { cwd: repositoryRoot, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok    " : "FAILED"}  ${step.name}  (${seconds} s)`);
  if (code === 0) continue;
  failed.push(step.name);
  console.log(`\n${stdout}${stderr}`);
}

if (failed.length > 0) {
  console.log(`verify failed: ${failed.join(", ")}`);
  process.exit(1);
}
console.log("verify passed");
