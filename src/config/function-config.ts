/** Which function runs: the command line's or the configuration's, and where it is looked for. */
import { resolve } from "node:path";
import { unpackFunction } from "../function/archive/unpack-function.ts";
import { FunctionLoadError } from "../function/load-error.ts";
import { locateFunction } from "../function/locate.ts";
import { child, placeAt } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem, FunctionConfig } from "./contract.ts";
import type { LoadConfigInput } from "./load.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

const defaultHandlerDirectory = "/opt/nuclio";

/** From the tree, not from the checked values: it is known even when something else is wrong. */
export function functionConfig(
  input: Pick<LoadConfigInput, "cwd" | "environment" | "functionFile">,
  root: ConfigNode | null,
  directory: string,
): FunctionConfig {
  const handlerDirectory = resolve(input.cwd, input.environment["NUCLIO_HANDLER_DIR"] || defaultHandlerDirectory);
  return {
    handler: input.functionFile === undefined ? textAt(root, "handler") : resolve(input.cwd, input.functionFile),
    runtime: textAt(root, "runtime"),
    searchPath: [...new Set([directory, handlerDirectory])],
  };
}

function textAt(root: ConfigNode | null, key: string): string {
  const node = child(child(root, "spec")?.value ?? null, key)?.value;
  return node?.kind === "scalar" && node.value !== null ? node.text : "";
}

/** The problem with finding the function's file; null when it is there. An archive is tried out, no module is loaded. */
export function checkFunction(
  config: FunctionConfig,
  { environment, functionFile }: Pick<LoadConfigInput, "environment" | "functionFile">,
  root: ConfigNode | null,
  fallback: Place,
): ConfigProblem | null {
  try {
    using unpacked = unpackFunction(config, environment);
    if (unpacked === null) locateFunction(config, environment);
    return null;
  } catch (error) {
    if (!(error instanceof FunctionLoadError)) throw error;
    const message = error.message.replace(/\n {2}/, " ").replace(/\n {2}/g, ", ");
    const sentence = message.charAt(0).toUpperCase() + message.slice(1);
    const written = placeAt(root, ["spec", "handler"], fallback);
    const place: Place = functionFile === undefined ? written : { kind: "command line", option: functionFile };
    const code = error.code === "BAD_ARCHIVE" || error.code === "CANNOT_UNPACK" ? "bad-archive" : "function-not-found";
    return makeProblem("error", code, error.setting ?? "spec.handler", sentence, place);
  }
}

/** A configuration in the place of the function; null when it is none. */
export function checkFunctionName(file: string | undefined): ConfigProblem | null {
  if (file === undefined || !/\.(ya?ml|json)$/i.test(file)) return null;
  const message = `${file} is not a function: if it is a configuration, write --config ${file}`;
  return makeProblem("error", "bad-value", "", message, { kind: "command line", option: file });
}
