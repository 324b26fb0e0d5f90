/** Which trigger serves a function that nobody configured one for: decided by what it exports. */
import type { FunctionConfig } from "../config/contract.ts";
import type { DefaultTrigger } from "../config/default-trigger.ts";
import { type InspectedFunction, inspectFunction } from "./inspect-function.ts";

/**
 * Middleware is what Envoy's traffic goes through; everything else answers requests of its own. So does a function whose
 * first parameter is called `request`: middleware gets an exchange.
 * @param kind Asked for; undefined: as the exports say. Over HTTP it is middleware too, where its parameters are called so.
 * @param entry The main module.
 * @param environment Of the workers.
 * @throws StartError when the function cannot be loaded.
 */
export async function chooseTrigger(
  kind: string | undefined,
  config: FunctionConfig,
  entry: URL,
  environment: Readonly<Record<string, string>>,
): Promise<DefaultTrigger> {
  if (kind !== undefined && kind !== "http") return { kind };
  const inspected = await inspectFunction(config, entry, environment);
  if (kind === undefined) return { kind: isMiddleware(inspected) ? "extproc" : "http" };
  return namesExchange(inspected) ? { kind, contract: "middleware" } : { kind };
}

function isMiddleware({ contract, parameters: [first = ""] }: InspectedFunction): boolean {
  return contract === "middleware" && !/^_?req(uest)?$/iu.test(first);
}

function namesExchange({ parameters: [first, second] }: InspectedFunction): boolean {
  return first === "exchange" || second === "next";
}
