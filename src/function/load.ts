/** Loads the user's function: finds its file, imports it and decides which contract it follows. */
import { chooseFunction } from "./choose-function.ts";
import { importFunction } from "./import-function.ts";
import type { LoadedFunction } from "./loaded-function.ts";
import { type FunctionSource, locateFunction } from "./locate.ts";
import { isPython, locatePython } from "./python/locate.ts";
import { demandedContract, type LoadHints } from "./demanded-contract.ts";

/**
 * What the configuration demands decides first, then what the module exports.
 * @throws FunctionLoadError
 */
export async function loadFunction(source: FunctionSource, hints: LoadHints): Promise<LoadedFunction> {
  if (isPython(source)) return locatePython(source, hints.environment);
  const demanded = demandedContract(source.runtime, hints);
  const { file, exportName } = locateFunction(source, hints.environment);
  if (demanded === "kyma") (await import("./kyma/prepare.ts")).prepareKyma(hints.environment);
  const exports = await importFunction(file);
  return chooseFunction({ file, only: exportName, exports }, demanded, hints.kinds);
}
