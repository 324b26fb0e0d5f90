/** Looks at a function without running it behind anything: which contract it follows, and what its parameters are called. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { loadFunction } from "../function/load.ts";
import type { LoadedFunction } from "../function/loaded-function.ts";
import type { FunctionSource } from "../function/locate.ts";
import type { StartProblem } from "./contract.ts";
import { describeStartError } from "./describe-start-error.ts";

/** What a worker is started with when it is only to look, as its `workerData`. */
export interface InspectStart {
  readonly inspect: FunctionSource;
}

export type InspectReport =
  | {
      readonly kind: "inspected";
      readonly contract: LoadedFunction["contract"];
      /** Of a default function; empty for other contracts. */
      readonly parameters: readonly string[];
    }
  | { readonly kind: "failed"; readonly problem: StartProblem };

/** Runs in a worker thread, which ends with it. */
export async function inspectFunction({ inspect }: InspectStart): Promise<void> {
  const port = parentPort as MessagePort;
  const report = (message: InspectReport): void => port.postMessage(message);
  // What a module says while it is loaded, it says again when it is loaded to run.
  console.log = console.info = console.debug = console.warn = console.error = () => undefined;
  try {
    const loaded = await loadFunction(inspect, { hasType: false, kinds: [], environment: process.env });
    const parameters = loaded.contract === "middleware" ? nameParameters(loaded.run) : [];
    report({ kind: "inspected", contract: loaded.contract, parameters });
  } catch (error) {
    report({ kind: "failed", problem: describeStartError(error) });
  }
}

/** Names of the first two; "" for what has no name of its own. Those after a pattern are not looked for. */
export function nameParameters(run: (...parameters: never[]) => unknown): readonly string[] {
  const text = Function.prototype.toString.call(run);
  const [, bare, list = ""] = DECLARATION.exec(text) ?? [];
  if (bare !== undefined) return [bare];
  const [, first = "", second] = /^([\w$]*)\s*(?:,\s*([\w$]*))?/u.exec(list) ?? [];
  return second === undefined ? [first] : [first, second];
}

/** `name =>`, or what follows the opening parenthesis of a function, a method or an arrow function. */
const DECLARATION = /^(?:async\s+)?(?:([\w$]+)\s*=>|(?:function\s*\*?\s*)?[\w$]*\s*\(\s*([^]*))/u;
