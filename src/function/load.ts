/** Loads the user's function: finds its file, imports it and decides which contract it follows. */
import type { FunctionConfig } from "../config/contract.ts";
import { chooseFunction } from "./choose-function.ts";
import { importFunction } from "./import-function.ts";
import type { LoadedFunction } from "./loaded-function.ts";
import { locateFunction } from "./locate.ts";
import { demandedContract, type LoadHints } from "./demanded-contract.ts";

/**
 * What the configuration demands decides first, then what the module exports.
 * @throws FunctionLoadError
 */
export async function loadFunction(config: FunctionConfig, hints: LoadHints): Promise<LoadedFunction> {
  const demanded = demandedContract(config.runtime, hints);
  const { file, exportName } = locateFunction(config, hints.environment);
  const exports = await importFunction(file);
  return chooseFunction({ file, only: exportName, exports }, demanded, hints.kinds);
}
