/** The function that the variables of a Kubeless or Kyma container name: such a container has no configuration file. */
import { resolve } from "node:path";
import { kymaApi } from "../function/kyma/function-api.ts";
import { child } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem } from "./contract.ts";
import { makeProblem } from "./source-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentFunction {
  readonly handler: string;
  readonly runtime: "kubeless" | "kyma";
  /** Where it is looked for first; absolute. */
  readonly directories: readonly string[];
}

/** Whether the variables name a function at all: `MOD_NAME` of Kubeless, `HANDLER_PATH` or `FUNC_NAME` of Kyma. */
export function namesFunction(environment: Environment): boolean {
  return ["MOD_NAME", "HANDLER_PATH", "FUNC_NAME"].some((name) => Boolean(environment[name]));
}

/**
 * - Kubeless: `MOD_NAME` is the module, `FUNC_HANDLER` its export, `KUBELESS_INSTALL_VOLUME` (/kubeless) the directory.
 * - Kyma: `HANDLER_PATH` is the module, `./handler.js` when only `FUNC_NAME` is set. From Node.js 26 on it is the
 *   directory, `HANDLER_MOD_NAME` (handler) the module and `HANDLER_FUNC_NAME` (main) its export.
 *
 * Null when there is none, and for a `MOD_NAME` without `FUNC_HANDLER`.
 */
export function environmentFunction(environment: Environment, cwd: string): EnvironmentFunction | null {
  const { MOD_NAME: module, FUNC_HANDLER: exportName } = environment;
  if (module) {
    if (!exportName) return null;
    const directory = resolve(cwd, environment["KUBELESS_INSTALL_VOLUME"] || "/kubeless");
    return { handler: `${module}:${exportName}`, runtime: "kubeless", directories: [directory] };
  }
  if (!namesFunction(environment)) return null;
  return { handler: kymaHandler(environment, cwd), runtime: "kyma", directories: [] };
}

function kymaHandler(environment: Environment, cwd: string): string {
  const { HANDLER_PATH: path, HANDLER_MOD_NAME: module, HANDLER_FUNC_NAME: exportName } = environment;
  if (kymaApi(environment) === "event") return resolve(cwd, path || "handler.js");
  return `${resolve(cwd, path || ".", module || "handler")}:${exportName || "main"}`;
}

/**
 * Whether the function is one of Kubeless or Kyma, as far as can be told without looking at it: those answer HTTP.
 * @param functionFile Of the command line.
 */
export function followsHttpContract(
  root: ConfigNode | null,
  functionFile: string | undefined,
  environment: Environment,
): boolean {
  const runtime = textAt(root, "runtime");
  if (runtime !== "") return /^(kubeless|kyma)/i.test(runtime);
  const isNamedElsewhere = functionFile !== undefined || textAt(root, "handler") !== "";
  return isNamedElsewhere ? Boolean(environment["MOD_NAME"]) : namesFunction(environment);
}

function textAt(root: ConfigNode | null, key: string): string {
  const node = child(child(root, "spec")?.value ?? null, key)?.value;
  return node?.kind === "scalar" ? node.text : "";
}

/** What keeps the variables from naming a function; null when nothing does. */
export function checkEnvironmentFunction(environment: Environment): ConfigProblem | null {
  const { MOD_NAME: module, FUNC_HANDLER: exportName, FUNC_RUNTIME: runtime = "" } = environment;
  if (namesFunction(environment) && OTHER_LANGUAGES.test(runtime)) {
    const message = `FUNC_RUNTIME is ${runtime}: of Kubeless and Kyma, functions in JavaScript and TypeScript are served`;
    return makeProblem("error", "bad-value", "", message, { kind: "environment", variable: "FUNC_RUNTIME" });
  }
  if (!module || exportName) return null;
  const message = "MOD_NAME names a module, but FUNC_HANDLER, the name of the function in it, is not set";
  return makeProblem("error", "missing-key", "", message, { kind: "environment", variable: "FUNC_HANDLER" });
}

/** Runtimes of the two systems, without their versions. */
const OTHER_LANGUAGES = /^(?:ballerina|dotnetcore|go|java|jvm|php|python|ruby|vertx)[\d.]*$/i;
