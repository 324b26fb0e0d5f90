/** Decides by a module's exports which of them is the function and which contract it follows. */
import type { FetchModule, Middleware, NuclioHandler, NuclioInitContext } from "./contract.ts";
import { type FunctionContract, notSupported } from "./demanded-contract.ts";
import { adaptHandler, isDigitalHubFunction } from "./digital-hub/adapt.ts";
import type { ModuleExports } from "./import-function.ts";
import { FunctionLoadError } from "./load-error.ts";
import type { EventHandler, LoadedFunction } from "./loaded-function.ts";

export interface FunctionModule {
  readonly file: string;
  /** The export that `module:export` names; null: any. */
  readonly only: string | null;
  readonly exports: ModuleExports;
}

/**
 * Undemanded, in this order: an export with `fetch`, a function behind an exchange (middleware) or behind events
 * (Digital Hub's by its parameters, else fetch), a Nuclio `handler`, a Kyma `main`. The first two look at `default`, or at the one export named.
 * @throws FunctionLoadError `NO_EXPORT`, `SEVERAL_EXPORTS`, `NOT_SUPPORTED`
 */
export function chooseFunction(
  module: FunctionModule,
  demanded: FunctionContract | null,
  kinds: readonly string[],
): LoadedFunction {
  if (demanded === "kubeless") return chooseKubelessFunction(module);
  if (demanded !== null) return bind(module, demandedExport(module, demanded), demanded);
  const { only } = module;
  const first = only ?? "default";
  const value = valueOf(module, first);
  if (hasFetch(value)) return bind(module, first, "fetch");
  if (typeof value === "function" && first !== "handler" && first !== "main") {
    if (kinds.includes("extproc")) return bind(module, first, "middleware");
    if (isDigitalHubFunction(value)) return bind(module, first, "nuclio");
    return bind(module, first, kinds.length === 0 ? "middleware" : "fetch");
  }
  if (mayBe(module, "handler")) return bind(module, "handler", "nuclio");
  if (mayBe(module, "main")) return bind(module, "main", "kyma");
  throw noExport(module, only === null ? "export default a function, or export a Nuclio handler named handler" : null);
}

/** The exports a contract looks at first. */
const CONVENTIONAL: Readonly<Record<FunctionContract, readonly string[]>> = {
  middleware: ["default"],
  fetch: ["default"],
  nuclio: ["handler", "default"],
  kubeless: ["default"],
  kyma: ["main", "default"],
  python: [],
};

/** The conventional export of the contract, else the only function there is. */
function demandedExport(module: FunctionModule, contract: FunctionContract): string {
  if (module.only !== null) return module.only;
  const conventional = CONVENTIONAL[contract];
  const found = conventional.find((name) => isCallable(valueOf(module, name), contract));
  if (found !== undefined) return found;
  const [only, ...others] = Object.keys(module.exports).filter(
    (name) => name !== "initContext" && isCallable(valueOf(module, name), contract),
  );
  if (only === undefined) throw noExport(module, `none is a ${contract} function`);
  if (others.length > 0) throw severalExports(module, [only, ...others]);
  return only;
}

/** The function named, an export or a member of `default`; else the module's export, where that is a function itself. */
function chooseKubelessFunction(module: FunctionModule): LoadedFunction {
  const { only } = module;
  const whole = valueOf(module, "default");
  const member = only === null ? undefined : (valueOf(module, only) ?? memberOf(whole, only));
  if (only !== null && member !== undefined) return bind(module, only, "kubeless", member);
  if (typeof whole === "function") return bind(module, "default", "kubeless");
  return bind(module, demandedExport(module, "kubeless"), "kubeless");
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function bind(
  module: FunctionModule,
  exportName: string,
  contract: FunctionContract,
  value = valueOf(module, exportName),
): LoadedFunction {
  if (!isCallable(value, contract)) throw noExport(module, null);
  const origin = { file: module.file, exportName };
  switch (contract) {
    case "middleware":
      return { contract, origin, run: value as Middleware };
    case "fetch":
      if (!hasFetch(value)) return { contract, origin, fetch: value as FetchModule["fetch"], websocket: null };
      return { contract, origin, fetch: value.fetch.bind(value), websocket: value.websocket ?? null };
    case "kubeless":
    case "kyma":
      return { contract, origin, handler: value as EventHandler };
    case "python":
      throw notSupported("spec.runtime", `${module.file} is no Python module`);
    case "nuclio": {
      const initContext = valueOf(module, "initContext");
      const isFunction = typeof initContext === "function";
      return {
        contract,
        origin,
        handler: adaptHandler(value as NuclioHandler, module.exports),
        initContext: isFunction ? (initContext as NuclioInitContext) : null,
      };
    }
  }
}

function isCallable(value: unknown, contract: FunctionContract): boolean {
  return typeof value === "function" || (contract === "fetch" && hasFetch(value));
}

function hasFetch(value: unknown): value is FetchModule {
  const mayHave = (typeof value === "object" && value !== null) || typeof value === "function";
  return mayHave && "fetch" in value && typeof value.fetch === "function";
}

function mayBe(module: FunctionModule, name: string): boolean {
  return (module.only === null || module.only === name) && typeof valueOf(module, name) === "function";
}

function valueOf(module: FunctionModule, name: string): unknown {
  return Object.hasOwn(module.exports, name) ? module.exports[name] : undefined;
}

function noExport(module: FunctionModule, mend: string | null): FunctionLoadError {
  const { only, file } = module;
  const what =
    only === null
      ? "it exports no function that can be run"
      : `export "${only}" is ${valueOf(module, only) === undefined ? "missing" : "not a function"}`;
  const message = `${file}: ${what}${mend === null ? "" : `: ${mend}`}\n${listing(module)}`;
  return new FunctionLoadError("NO_EXPORT", only === null ? null : "spec.handler", message);
}

function severalExports(module: FunctionModule, names: readonly string[]): FunctionLoadError {
  const message = `${module.file}: any of ${names.join(", ")} may be the function: name one in spec.handler, as in "file:${names[0]}"\n${listing(module)}`;
  return new FunctionLoadError("SEVERAL_EXPORTS", "spec.handler", message);
}

/** What every function has, and so every CommonJS module that is one. */
const FUNCTION_PROPERTIES = new Set(["length", "name", "prototype"]);

function listing(module: FunctionModule): string {
  const isFunction = typeof valueOf(module, "default") === "function";
  const names = Object.keys(module.exports).filter((name) => !isFunction || !FUNCTION_PROPERTIES.has(name));
  if (names.length === 0) return "its exports: none";
  return `its exports: ${names.map((name) => `${name} (${typeof valueOf(module, name)})`).join(", ")}`;
}
