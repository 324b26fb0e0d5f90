/** With what a wrapper is started: what Nuclio's processor passes to its own. */
import type { FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import type { WrapperCommand } from "./contract.ts";
import { findPython } from "./interpreter.ts";
import { pythonPath } from "./python-path.ts";
import { findForeignWrapper } from "./wrapper-script.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const START_DEADLINE_MS = 120_000;

/** @throws FunctionLoadError `PYTHON_NOT_FOUND`, `WRAPPER_NOT_FOUND` */
export function wrapperCommand(
  loaded: Extract<LoadedFunction, { contract: "python" }>,
  host: Pick<FunctionHost, "trigger" | "functionNamespace">,
  environment: Environment,
): WrapperCommand {
  const { handler, directory } = loaded;
  const onKubernetes = environment["KUBERNETES_SERVICE_HOST"] && environment["KUBERNETES_SERVICE_PORT"];
  const options = Object.entries({
    handler,
    "platform-kind": onKubernetes ? "kube" : "local",
    namespace: host.functionNamespace,
    "trigger-kind": host.trigger.kind,
    "trigger-name": host.trigger.name,
  }).flatMap(([name, value]) => [`--${name}`, value]);
  if (decodesStrings(environment)) options.push("--decode-event-strings");
  return {
    python: findPython(environment),
    foreignWrapper: findForeignWrapper(environment),
    options,
    environment: childEnvironment(environment, directory),
    functionDirectory: directory,
    startDeadlineMs: START_DEADLINE_MS,
  };
}

function childEnvironment(environment: Environment, directory: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined) env[name] = value;
  }
  env["PYTHONPATH"] = [...new Set([directory, ...pythonPath(environment)])].join(":");
  return env;
}

function decodesStrings(environment: Environment): boolean {
  const given = environment["NUCLIO_PYTHON_DECODE_EVENT_STRINGS"]?.toLowerCase() ?? "";
  return !["no", "false", "disable", "disabled"].includes(given);
}
