/** Directories for what a function brings along: only the owner may enter them, and they are gone when disposed of. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PrivateDirectory extends Disposable {
  /** Real path. */
  readonly path: string;
}

/**
 * Below TMPDIR. Without one below /tmp, and where that cannot be written, as in containers with a read-only root, below
 * HOME.
 * @throws What the file system says of the first place.
 */
export function makePrivateDirectory(): PrivateDirectory {
  const path = makeBelow(tmpdir(), process.env["TMPDIR"] ? undefined : process.env["HOME"]);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function makeBelow(place: string, instead: string | undefined): string {
  try {
    return realpathSync(mkdtempSync(join(place, "processor-")));
  } catch (error) {
    if (!instead) throw error;
    try {
      return realpathSync(mkdtempSync(join(instead, ".processor-")));
    } catch {
      // The usual place is the one to mend.
      throw error;
    }
  }
}
