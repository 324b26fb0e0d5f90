/** Whether the function's file is there: found at the configuration's line, before any worker looks for it. */
import { FunctionLoadError } from "../function/load-error.ts";
import { locateFunction } from "../function/locate.ts";
import type { ConfigProblem, FunctionConfig } from "./contract.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

/** The problem with finding the function; null when it is there. Its module is not loaded. */
export function checkFunction(
  config: FunctionConfig,
  environment: Readonly<Record<string, string | undefined>>,
  place: Place,
): ConfigProblem | null {
  try {
    locateFunction(config, environment);
    return null;
  } catch (error) {
    if (!(error instanceof FunctionLoadError)) throw error;
    const message = error.message.replace(/\n {2}/, " ").replace(/\n {2}/g, ", ");
    const sentence = message.charAt(0).toUpperCase() + message.slice(1);
    return makeProblem("error", "function-not-found", error.setting ?? "spec.handler", sentence, place);
  }
}
