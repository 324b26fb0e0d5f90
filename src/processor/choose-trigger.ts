/** The kind of trigger that serves a function that nobody configured one for: decided by what it exports. */
import type { FunctionConfig } from "../config/contract.ts";
import { type InspectedFunction, inspectFunction } from "./inspect-function.ts";

/**
 * Middleware is what Envoy's traffic goes through; everything else answers requests of its own. So does a function whose
 * first parameter is called `request`: middleware gets an exchange.
 * @param entry The main module.
 * @param environment Of the workers.
 * @throws StartError when the function cannot be loaded.
 */
export async function chooseTriggerKind(
  config: FunctionConfig,
  entry: URL,
  environment: Readonly<Record<string, string>>,
): Promise<"extproc" | "http"> {
  return isMiddleware(await inspectFunction(config, entry, environment)) ? "extproc" : "http";
}

function isMiddleware({ contract, firstParameter }: InspectedFunction): boolean {
  return contract === "middleware" && !/^_?req(uest)?$/iu.test(firstParameter);
}
