/**
 * Temporary directories of files for tests: removed when the test run ends, those of runs that were killed when the next
 * one begins.
 */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory never seen before, holding `files` (relative path to content). Returns its real path. */
export function scratchDirectory(files: Readonly<Record<string, string>> = {}): string {
  if (created.length === 0) removeAbandoned();
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `${prefix}${process.pid}x`)));
  created.push(directory);
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return directory;
}

/** For the end of the run: an `afterAll` in here would belong to the first test file that imports this. */
export function removeScratchDirectories(): void {
  for (const directory of created.splice(0)) rmSync(directory, { recursive: true, force: true });
}

const prefix = "processor-test-";
const created: string[] = [];

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^processor-test-(\d+)x/u.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
