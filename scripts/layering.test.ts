/** The linter's configuration holds the floor plan: this shows that it really refuses every import against it. */
import { afterAll, expect, test } from "bun:test";
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "./build.ts";

/** What each folder below src may import, written down a second time on purpose. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "compression",
    "config",
    "event",
    "function",
    "grpc",
    "http2",
    "processor",
    "protobuf",
    "telemetry",
    "triggers",
    "worker",
  ],
  processor: [
    "compression",
    "config",
    "event",
    "function",
    "grpc",
    "http2",
    "protobuf",
    "telemetry",
    "triggers",
    "worker",
  ],
  worker: ["compression", "config", "event", "function", "grpc", "http2", "protobuf", "telemetry", "triggers"],
  config: ["compression", "event", "function", "grpc", "http2", "protobuf", "telemetry", "triggers"],
  triggers: ["compression", "event", "function", "grpc", "http2", "protobuf", "telemetry"],
  function: ["event", "protobuf", "telemetry"],
  event: ["protobuf", "telemetry"],
  compression: ["telemetry"],
  grpc: ["http2", "protobuf"],
  http2: [],
  protobuf: [],
  telemetry: [],
};
const folders = Object.keys(mayImport);

const directory = await mkdtemp(join(tmpdir(), "layering-"));
afterAll(() => rm(directory, { recursive: true, force: true }));

test("an import against the floor plan is refused, from a folder and from one below it, for values and types", async () => {
  const expected: string[] = [];
  for (const from of folders) {
    await mkdir(join(directory, "src", from, "inner"), { recursive: true });
    for (const to of folders.filter((folder) => folder !== from)) {
      await writeProbe(`src/${from}/value-${to}.ts`, `import { x } from "../${to}/probe.ts";`);
      await writeProbe(`src/${from}/type-${to}.ts`, `import type { x } from "../${to}/probe.ts";`);
      await writeProbe(`src/${from}/inner/value-${to}.ts`, `import { x } from "../../${to}/probe.ts";`);
      if (mayImport[from]?.includes(to) === true) continue;
      expected.push(`src/${from}/inner/value-${to}.ts`, `src/${from}/type-${to}.ts`, `src/${from}/value-${to}.ts`);
    }
  }
  expect(await refusedFiles()).toEqual(expected.sort());
});

async function writeProbe(file: string, importLine: string): Promise<void> {
  await Bun.write(join(directory, file), `${importLine}\nexport type Probe = typeof x;\n`);
}

async function refusedFiles(): Promise<string[]> {
  await Bun.write(join(directory, ".oxlintrc.json"), Bun.file(join(repositoryRoot, ".oxlintrc.json")));
  const oxlint = join(repositoryRoot, "node_modules", "oxlint", "bin", "oxlint");
  // Into a file: the linter may end before a pipe has taken all of its report.
  const output = Bun.file(join(directory, "report.json"));
  await Bun.spawn([process.execPath, oxlint, "--format", "json", "src"], { cwd: directory, stdout: output }).exited;
  const report = (await output.json()) as { diagnostics: { code: string; filename: string }[] };
  const refused = report.diagnostics.filter((found) => found.code === "eslint(no-restricted-imports)");
  return [...new Set(refused.map((found) => found.filename))].sort();
}
