/**
 * Builds the executable: `bun run build` leaves it at `dist/processor`. Nothing is done when no source changed since
 * the last build, unless `--force` is given.
 */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

export const repositoryRoot = join(import.meta.dir, "..");
export const executable = join(repositoryRoot, "dist", "processor");

const stampFile = join(repositoryRoot, "dist", "processor.sources");

/** What the executable is made of. A change in any of them makes it stale. */
const sources = ["src", "proto", "scripts/build.ts", "package.json", "bun.lock", "tsconfig.json"];

/**
 * Identifiers keep their names, so that stack traces and `error.constructor.name` stay readable. Bytecode and splitting
 * make the start fast. Nothing is read from the working directory but a function's own package.json.
 */
const flags = [
  "--compile",
  "--minify-syntax",
  "--minify-whitespace",
  "--sourcemap",
  "--bytecode",
  "--splitting",
  "--format=esm",
  "--compile-autoload-package-json",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

export interface BuildResult {
  /** Path of the executable. */
  readonly path: string;
  /** False when it was up to date already. */
  readonly built: boolean;
}

/** Builds the executable if it is missing or older than its sources. Throws with the bundler's output when that fails. */
export async function buildExecutable(options: { force?: boolean; onBuild?: () => void } = {}): Promise<BuildResult> {
  const stamp = await hashSources();
  if (options.force !== true && (await isCurrent(stamp))) return { path: executable, built: false };
  options.onBuild?.();
  // Built aside and renamed: a running executable and a parallel build are left alone.
  const directory = join(repositoryRoot, "dist", `.build-${process.pid}`);
  await mkdir(directory, { recursive: true });
  try {
    const command = [process.execPath, "build", ...flags, "src/main.ts", "--outfile", join(directory, "processor")];
    const child = Bun.spawn(command, { cwd: repositoryRoot, stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (code !== 0) throw new Error(`bun build failed with exit code ${code}\n${stdout}${stderr}`);
    await rename(join(directory, "processor"), executable);
    await Bun.write(stampFile, stamp);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { path: executable, built: true };
}

async function isCurrent(stamp: string): Promise<boolean> {
  if (!(await Bun.file(executable).exists())) return false;
  const file = Bun.file(stampFile);
  return (await file.exists()) && (await file.text()) === stamp;
}

async function hashSources(): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(Bun.version);
  for (const source of sources) {
    for (const file of await filesBelow(join(repositoryRoot, source))) {
      hash.update(`\0${file.slice(repositoryRoot.length)}\0`);
      hash.update(await Bun.file(file).bytes());
    }
  }
  return hash.digest("hex");
}

async function filesBelow(path: string): Promise<string[]> {
  if (await Bun.file(path).exists()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

if (import.meta.main) {
  const started = performance.now();
  const result = await buildExecutable({ force: process.argv.includes("--force") });
  const megabytes = (Bun.file(result.path).size / 1e6).toFixed(0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(result.built ? `built dist/processor (${megabytes} MB) in ${seconds} s` : "dist/processor is up to date");
}
