/** Makes files of functions that are none yet: those in an archive, and those written in the configuration. */
import { unpackFunction } from "./archive/unpack-function.ts";
import type { SourceCode } from "./inline/source-code.ts";
import { writeSource } from "./inline/write-source.ts";
import type { FunctionSource } from "./locate.ts";

export interface PreparedFunction extends Disposable {
  /** What it was made from: the path of an archive, or the setting. */
  readonly from: string;
  /** Where to load it from now. */
  readonly source: FunctionSource;
  /** The directory made for it, which disposing removes. */
  readonly directory: string;
  /** Files and links in it, and their size. */
  readonly files: number;
  readonly bytes: number;
}

/**
 * Null when the function is a file as it is, or is not there. Otherwise there is a directory to dispose of.
 * @param code `spec.build.functionSourceCode`; null when there is none.
 * @throws FunctionLoadError
 */
export function prepareFunction(
  source: FunctionSource,
  code: SourceCode | null,
  environment: Readonly<Record<string, string | undefined>>,
): PreparedFunction | null {
  if (code !== null) return { ...writeSource(code, source), from: "spec.build.functionSourceCode" };
  const unpacked = unpackFunction(source, environment);
  if (unpacked === null) return null;
  const { archive, ...prepared } = unpacked;
  return { ...prepared, from: archive };
}
