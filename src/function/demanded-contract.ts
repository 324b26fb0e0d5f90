/** The contract the configuration demands, whatever the module exports. */
import { FunctionLoadError } from "./load-error.ts";
import type { LoadedFunction } from "./loaded-function.ts";

export type FunctionContract = LoadedFunction["contract"];

/** What of the configuration, beside the function's own part, decides about the contract. */
export interface LoadHints {
  /** A trigger has a Digital Hub `type`: it runs a Nuclio handler. */
  readonly hasType: boolean;
  /** `attributes.contract` of the triggers. */
  readonly contract?: FunctionContract | undefined;
  /** Kinds of the triggers; none: the function decides what it is run behind. */
  readonly kinds: readonly string[];
  /** Environment of the process, after `spec.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Null when the module decides.
 * @param runtime `spec.runtime`; a version may follow a colon.
 * @throws FunctionLoadError `NOT_SUPPORTED`
 */
export function demandedContract(runtime: string, hints: LoadHints): FunctionContract | null {
  const [name = ""] = runtime.split(":");
  if (name !== "" && !name.startsWith("nodejs"))
    throw notSupported("spec.runtime", `"${runtime}" names ${kindOf(name)}`);
  if (hints.hasType || name !== "") return "nuclio";
  if (hints.environment["MOD_NAME"])
    throw notSupported(null, "the environment variable MOD_NAME names a Kubeless function");
  return hints.contract ?? null;
}

export function notSupported(setting: string | null, what: string): FunctionLoadError {
  const message = `${what}, which this version does not run: it runs JavaScript and TypeScript as middleware, as fetch handlers and as Nuclio handlers (spec.runtime "nodejs")`;
  return new FunctionLoadError("NOT_SUPPORTED", setting, message);
}

function kindOf(runtime: string): string {
  if (runtime.startsWith("python")) return "a Python function";
  if (runtime.startsWith("kubeless")) return "a Kubeless function";
  if (runtime.startsWith("kyma")) return "a Kyma function";
  return "another language's function";
}
