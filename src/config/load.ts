/** Puts together what the processor runs from: file, environment and command line in, one checked configuration out. */
import { dirname, resolve } from "node:path";
import type { TriggerKind } from "../triggers/contract.ts";
import { triggerKinds } from "../triggers/kinds.ts";
import { checkNode } from "./check-node.ts";
import type { CheckContext } from "./check-node.ts";
import { checkFunction } from "./check-function.ts";
import { checkPorts } from "./check-ports.ts";
import { checkTriggers } from "./check-triggers.ts";
import { child, isNull, placeAt } from "./config-node.ts";
import type { ConfigNode } from "./config-node.ts";
import type { ConfigProblem, ConfigResult, FunctionConfig, ProcessorConfig } from "./contract.ts";
import { addDefaultTrigger } from "./default-trigger.ts";
import { applyOverrides, findOverrides } from "./environment-overrides.ts";
import { interpolate } from "./interpolate.ts";
import { logConfig } from "./log-config.ts";
import { parseYaml } from "./parse-yaml.ts";
import { platformConfig } from "./platform-config.ts";
import { platformSchema } from "./platform-schema.ts";
import { readSource } from "./read-source.ts";
import { checkRuntime } from "./runtime.ts";
import { functionSchema } from "./schema.ts";
import { makeProblem } from "./source-text.ts";
import type { Place } from "./source-text.ts";

export interface LoadConfigInput {
  /** `--config`. Absent: the default file if there is one, else the environment alone. */
  readonly file?: string;
  /** `--platform-config`. Absent: the default file if there is one. */
  readonly platformFile?: string;
  /** A function named on the command line; goes before `spec.handler`. */
  readonly functionFile?: string;
  /** Also reports a function whose file cannot be found. Default: only when no function is named at all. */
  readonly requireFunction?: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative paths of the command line start; absolute. */
  readonly cwd: string;
}

/** Where the reference has its files. */
export const defaultFile = "/etc/nuclio/config/processor/processor.yaml";
export const defaultPlatformFile = "/etc/nuclio/config/platform/platform.yaml";
const defaultHandlerDirectory = "/opt/nuclio";

/** Reads, checks and completes the configuration. Never throws for what is in it: everything wrong is a problem. */
export function loadConfig(input: LoadConfigInput, kinds: readonly TriggerKind[] = triggerKinds): ConfigResult {
  const problems: ConfigProblem[] = [];
  const overrides = findOverrides(input.environment);
  const own = readTree(input, "function", problems);
  const platform = readTree(input, "platform", problems);
  if (/\.(ya?ml|json)$/i.test(input.functionFile ?? "")) problems.push(configAsFunction(input.functionFile ?? ""));
  if (own.broken || platform.broken) return finish(null, problems);

  const specOverrides = overrides.spec.map((override) => ({ ...override, steps: ["spec", ...override.steps] }));
  const withDefaults = addDefaultTrigger(own.root, overrides.spec, own.place);
  const root = resolveTree(withDefaults, specOverrides, input, problems);
  const platformRoot = resolveTree(platform.root, overrides.platform, input, problems);

  const start = placeAt(root, [], own.place);
  const context: CheckContext = { path: "", place: start, baseDirectory: own.directory, scopes: [] };
  const document = checkNode(root, functionSchema, context, problems);
  const platformContext = { ...context, place: platform.place, baseDirectory: platform.directory };
  const platformDocument = checkNode(platformRoot, platformSchema, platformContext, problems);
  const triggersPlace = placeAt(root, ["spec", "triggers"], start);
  const triggersNode = child(child(root, "spec")?.value ?? null, "triggers")?.value ?? null;
  const triggersContext = { ...context, path: "spec.triggers", place: triggersPlace };
  const triggers = checkTriggers(triggersNode, kinds, triggersContext, problems);
  if (document === undefined || platformDocument === undefined) return finish(null, problems);

  const { metadata, spec } = document;
  const roots = { functionRoot: root, platformRoot, fallback: start };
  const runtimeProblem = checkRuntime(spec.runtime, placeAt(root, ["spec", "runtime"], start));
  if (runtimeProblem !== null) problems.push(runtimeProblem);
  const config: ProcessorConfig = {
    name: metadata.name,
    namespace: metadata.namespace,
    project: metadata.labels?.["nuclio.io/project-name"] ?? "",
    function: functionConfig(input, spec.handler, spec.runtime, own.directory),
    triggers,
    env: Object.fromEntries(spec.env.map(({ name, value }) => [name, value])),
    eventTimeoutMs: spec.eventTimeout ?? 0,
    hangTimeoutMs: spec.hangTimeout,
    log: logConfig(spec.loggerSinks, platformDocument.logger, roots, problems),
    platform: platformConfig(
      platformDocument,
      metadata,
      input.environment["NUCLIO_FUNCTION_INSTANCE"],
      roots,
      problems,
    ),
  };
  problems.push(...checkPorts(triggers, kinds, config.platform, root, start));
  const nothingGiven = !own.found && specOverrides.length === 0 && input.functionFile === undefined;
  if (nothingGiven) problems.push(nothingToRun());
  else if (input.requireFunction || config.function.handler === "") {
    const problem = checkFunction(config.function, input.environment, functionPlace(input, root, start));
    if (problem !== null) problems.push(problem);
  }
  return finish(config, problems);
}

interface Tree {
  readonly root: ConfigNode | null;
  /** Start of the file, or the command line. */
  readonly place: Place;
  /** Absolute: where relative paths of the file start. */
  readonly directory: string;
  readonly found: boolean;
  /** The file is there and cannot be understood: nothing else can be said of it. */
  readonly broken: boolean;
}

function readTree(input: LoadConfigInput, which: "function" | "platform", problems: ConfigProblem[]): Tree {
  const option = which === "function" ? "--config" : "--platform-config";
  const given = which === "function" ? input.file : input.platformFile;
  const file = given ?? (which === "function" ? defaultFile : defaultPlatformFile);
  const commandLine: Place = { kind: "command line", option };
  const nothing: Tree = { root: null, place: commandLine, directory: resolve(input.cwd), found: false, broken: false };
  const source = readSource(file, input.cwd);
  if (source.kind === "text") {
    const place: Place = { kind: "file", text: source.text, start: 0, end: 1 };
    const parsed = parseYaml(source.text);
    problems.push(...parsed.problems);
    const broken = parsed.root === null && parsed.problems.length > 0;
    return { root: parsed.root, place, directory: dirname(resolve(input.cwd, file)), found: true, broken };
  }
  if (source.kind === "unreadable") {
    problems.push(makeProblem("error", "unreadable-file", "", `${file} ${source.reason}`, commandLine));
    return { ...nothing, broken: true };
  }
  if (given === undefined) return nothing;
  if (which === "platform") {
    const message = `${file} does not exist: the defaults of the platform are used`;
    problems.push(makeProblem("warning", "missing-file", "", message, commandLine));
    return nothing;
  }
  const message = `${file} does not exist: is the path right, seen from ${resolve(input.cwd)}?`;
  problems.push(makeProblem("error", "missing-file", "", message, commandLine));
  return { ...nothing, broken: true };
}

function resolveTree(
  root: ConfigNode | null,
  overrides: Parameters<typeof applyOverrides>[1],
  { environment }: LoadConfigInput,
  problems: ConfigProblem[],
): ConfigNode | null {
  const overridden = applyOverrides(root, overrides, problems);
  if (overridden === null || isNull(overridden)) return null;
  const interpolated = interpolate(overridden, environment);
  problems.push(...interpolated.problems);
  return interpolated.node;
}

function functionConfig(input: LoadConfigInput, handler: string, runtime: string, directory: string): FunctionConfig {
  const handlerDirectory = resolve(input.cwd, input.environment["NUCLIO_HANDLER_DIR"] || defaultHandlerDirectory);
  return {
    handler: input.functionFile === undefined ? handler : resolve(input.cwd, input.functionFile),
    runtime,
    searchPath: [...new Set([directory, handlerDirectory])],
  };
}

function functionPlace({ functionFile }: LoadConfigInput, root: ConfigNode | null, start: Place): Place {
  if (functionFile !== undefined) return { kind: "command line", option: functionFile };
  return placeAt(root, ["spec", "handler"], start);
}

function configAsFunction(file: string): ConfigProblem {
  const message = `${file} is not a function: if it is a configuration, write --config ${file}`;
  return makeProblem("error", "bad-value", "", message, { kind: "command line", option: file });
}

function nothingToRun(): ConfigProblem {
  const message = `There is no function and no configuration: name a function file or --config FILE, set PROCESSOR_HANDLER, or put a configuration at ${defaultFile}`;
  return makeProblem("error", "no-configuration", "", message, { kind: "command line", option: "" });
}

function finish(config: ProcessorConfig | null, problems: readonly ConfigProblem[]): ConfigResult {
  const sorted = problems.toSorted((a, b) => position(a) - position(b));
  return { config: problems.some((problem) => problem.severity === "error") ? null : config, problems: sorted };
}

/** Down the file, then the environment and the command line. */
function position({ source }: ConfigProblem): number {
  return source.kind === "file" ? source.line * 10_000 + Math.min(source.column, 9_999) : Number.MAX_SAFE_INTEGER;
}
