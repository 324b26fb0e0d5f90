/** Keeps the result of a job: whole in its file, or on standard output. */
import { writeSync } from "node:fs";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * @param target A file, or "-" for standard output. A regular file is replaced at once: whoever reads it sees the old
 * result or the whole new one.
 */
export async function writeResult(target: string, body: Uint8Array): Promise<void> {
  if (target === "-") return writeToOutput(body);
  const file = await realpath(target).catch(() => target);
  if (!(await isReplaceable(file))) return writeFile(file, body);
  const draft = join(dirname(file), `.${basename(file)}.${crypto.randomUUID()}`);
  try {
    await writeFile(draft, body, { flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    // A file that is a mount point of its own, as Kubernetes' /dev/termination-log, can only be written in place.
    if (!(error instanceof Error && "code" in error && error.code === "EBUSY")) throw error;
    await writeFile(file, body);
  }
}

/** Devices and pipes are written to, not replaced. */
async function isReplaceable(target: string): Promise<boolean> {
  const found = await stat(target).catch(() => null);
  return found === null || found.isFile();
}

/** Synchronously: the process may end right after. */
function writeToOutput(body: Uint8Array): void {
  let rest = body;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Bun.sleepSync(1);
    }
  }
}
