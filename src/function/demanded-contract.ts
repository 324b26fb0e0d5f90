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
  const [name = ""] = runtime.toLowerCase().split(":");
  const named = RUNTIMES.find(([family]) => name.startsWith(family))?.[1];
  if (name !== "" && named === undefined) throw notSupported("spec.runtime", `"${runtime}" names another language`);
  if (hints.hasType) return named === "python" ? "python" : "nuclio";
  if (named !== undefined) return named;
  if (hints.environment["MOD_NAME"]) return "kubeless";
  return hints.contract ?? null;
}

/** Families of `spec.runtime`, with or without a version. */
const RUNTIMES: readonly (readonly [family: string, FunctionContract])[] = [
  ["nodejs", "nuclio"],
  ["python", "python"],
  ["kubeless", "kubeless"],
  ["kyma", "kyma"],
];

export function notSupported(setting: string | null, what: string): FunctionLoadError {
  const message = `${what}, which this version does not run: it runs JavaScript and TypeScript as middleware, fetch handlers and functions for Nuclio, Kubeless and Kyma, and Python as Nuclio handlers`;
  return new FunctionLoadError("NOT_SUPPORTED", setting, message);
}
