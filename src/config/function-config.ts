/** Which function runs: the command line's or the configuration's, and where it is looked for. */
import { resolve } from "node:path";
import { nameModule, SourceCodeError } from "../function/inline/name-module.ts";
import { findPythonDefect } from "../function/inline/python-defect.ts";
import { readSourceCode } from "../function/inline/source-code.ts";
import { FunctionLoadError } from "../function/load-error.ts";
import { locateFunction } from "../function/locate.ts";
import { prepareFunction } from "../function/prepare-function.ts";
import { findPython } from "../function/python/interpreter.ts";
import { isPython, locatePython } from "../function/python/locate.ts";
import { child, placeAt } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem, FunctionConfig } from "./contract.ts";
import { environmentFunction } from "./environment-function.ts";
import type { LoadConfigInput } from "./load.ts";
import { whyNotServed } from "./runtime.ts";
import { placeInSource } from "./source-place.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

const defaultHandlerDirectory = "/opt/nuclio";
const sourceCodeSteps = ["spec", "build", "functionSourceCode"];

/** From the tree, not from the checked values: it is known even when something else is wrong. */
export function functionConfig(
  input: Pick<LoadConfigInput, "cwd" | "environment" | "functionFile">,
  root: ConfigNode | null,
  directory: string,
): FunctionConfig {
  const handlerDirectory = resolve(input.cwd, input.environment["NUCLIO_HANDLER_DIR"] || defaultHandlerDirectory);
  const own = { runtime: textAt(root, ["spec", "runtime"]), searchPath: [...new Set([directory, handlerDirectory])] };
  if (input.functionFile !== undefined) {
    return { ...own, handler: resolve(input.cwd, input.functionFile), sourceCode: null };
  }
  const written = textAt(root, sourceCodeSteps);
  const sourceCode = written.trim() === "" ? null : readSourceCode(written);
  const handler = textAt(root, ["spec", "handler"]);
  const named = handler === "" && sourceCode === null ? environmentFunction(input.environment, input.cwd) : null;
  if (named === null) return { ...own, handler, sourceCode };
  const searchPath = [...new Set([...named.directories, ...own.searchPath])];
  return { handler: named.handler, runtime: own.runtime || named.runtime, searchPath, sourceCode };
}

function textAt(root: ConfigNode | null, steps: readonly string[]): string {
  const node = steps.reduce<ConfigNode | null>((parent, step) => child(parent, step)?.value ?? null, root);
  return node?.kind === "scalar" && node.value !== null ? node.text : "";
}

/** The problem with finding the function's file; null when it is there. An archive is tried out, no module is loaded. */
export function checkFunction(
  config: FunctionConfig,
  { environment, functionFile }: Pick<LoadConfigInput, "environment" | "functionFile">,
  root: ConfigNode | null,
  fallback: Place,
): ConfigProblem | null {
  // That is the problem: what is found could not be run anyway.
  if (whyNotServed(config.runtime) !== null) return null;
  try {
    using prepared = prepareFunction(config, config.sourceCode, environment);
    const source = prepared?.source ?? config;
    if (isPython(source)) {
      const python = findPython(environment);
      locatePython(source, environment);
      if (config.sourceCode?.kind === "text") assertPythonParses(config.sourceCode.text, python);
    } else if (prepared === null) locateFunction(config, environment);
    return null;
  } catch (error) {
    if (!(error instanceof FunctionLoadError)) throw error;
    const place: Place =
      functionFile === undefined ? settingPlace(error, root, fallback) : { kind: "command line", option: functionFile };
    return functionProblem(error, place);
  }
}

function assertPythonParses(text: string, python: string): void {
  const defect = findPythonDefect(text, python);
  if (defect !== null) throw new SourceCodeError(defect);
}

/** The problem with a source that stands in the configuration, without writing it anywhere; null when it can be parsed. */
export function checkSourceCode(
  config: FunctionConfig,
  root: ConfigNode | null,
  fallback: Place,
): ConfigProblem | null {
  // What another language is, is no syntax error of these.
  if (config.sourceCode?.kind !== "text" || whyNotServed(config.runtime) !== null) return null;
  try {
    nameModule(config.sourceCode.text, config);
    return null;
  } catch (error) {
    if (!(error instanceof FunctionLoadError)) throw error;
    return functionProblem(error, settingPlace(error, root, fallback));
  }
}

function functionProblem(error: FunctionLoadError, place: Place): ConfigProblem {
  const path = error.setting ?? "spec.handler";
  if (error instanceof SourceCodeError) return sourceProblem(error, path, place);
  const message = error.message.replace(/\n {2}/, " ").replace(/\n {2}/g, ", ");
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return makeProblem("error", problemCodes[error.code] ?? "function-not-found", path, sentence, place);
}

const problemCodes: Readonly<Partial<Record<FunctionLoadError["code"], string>>> = {
  BAD_ARCHIVE: "bad-archive",
  CANNOT_UNPACK: "bad-archive",
  PYTHON_NOT_FOUND: "python-not-found",
};

function sourceProblem({ defect }: SourceCodeError, path: string, written: Place): ConfigProblem {
  const place = placeInSource(written, defect);
  const { line, column, message } = defect;
  const text = place === null ? `Line ${line}, column ${column} of the source: ${message}` : message;
  return makeProblem("error", "syntax-error", path, text, place ?? written);
}

function settingPlace(error: FunctionLoadError, root: ConfigNode | null, fallback: Place): Place {
  const steps = error.setting === sourceCodeSteps.join(".") ? sourceCodeSteps : ["spec", "handler"];
  return placeAt(root, steps, fallback);
}

/** A configuration in the place of the function; null when it is none. */
export function checkFunctionName(file: string | undefined): ConfigProblem | null {
  if (file === undefined || !/\.(ya?ml|json)$/i.test(file)) return null;
  const message = `${file} is not a function: if it is a configuration, write --config ${file}`;
  return makeProblem("error", "bad-value", "", message, { kind: "command line", option: file });
}
