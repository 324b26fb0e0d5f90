/** What an archive holds, whichever its format. */

/** Names are as written in the archive: not checked yet. */
export type ArchiveEntry =
  | {
      readonly kind: "file";
      readonly name: string;
      readonly executable: boolean;
      /** Unpacked, as the archive says; `read` gives exactly as many bytes. */
      readonly sizeBytes: number;
      /** @throws ArchiveDefect when the content is damaged */
      read(): Uint8Array;
    }
  | { readonly kind: "directory"; readonly name: string }
  /** `target` is relative to the link's own directory. */
  | { readonly kind: "symlink"; readonly name: string; readonly target: string }
  /** `target` is the name of another entry, a file. */
  | { readonly kind: "hardlink"; readonly name: string; readonly target: string };

export interface ArchiveLimits {
  /** Files, links and directories, also those that only paths name. */
  readonly maxEntries: number;
  /** Sum of all files, unpacked. */
  readonly maxBytes: number;
}

export const archiveLimits: ArchiveLimits = { maxEntries: 20_000, maxBytes: 256 * 1024 * 1024 };

/** What is wrong with an archive: continues a sentence that names its file. */
export class ArchiveDefect extends Error {
  override readonly name = "ArchiveDefect";
}

export function tooManyBytes({ maxBytes }: ArchiveLimits): ArchiveDefect {
  return new ArchiveDefect(
    `holds more than the ${maxBytes / (1024 * 1024)} MiB a function may have: leave out what it does not need at run time`,
  );
}
