/** Puts together what the processor runs from: file, environment and command line in, one checked configuration out. */
import type { OpenTriggerConfig, TriggerKind } from "../triggers/contract.ts";
import { triggerKinds } from "../triggers/kinds.ts";
import { checkNode } from "./check-node.ts";
import type { CheckContext } from "./check-node.ts";
import { checkPorts } from "./check-ports.ts";
import { checkTriggers } from "./check-triggers.ts";
import { child, placeAt } from "./config-node.ts";
import type { ConfigProblem, ConfigResult, ProcessorConfig } from "./contract.ts";
import { addDefaultTrigger, type DefaultTrigger, knownKind, lacksTrigger } from "./default-trigger.ts";
import { leaveCronToPlatform } from "./cron-mode.ts";
import { checkEnvironmentFunction, followsHttpContract, namesFunction } from "./environment-function.ts";
import { findOverrides } from "./environment-overrides.ts";
import { checkFunction, checkFunctionName, checkSourceCode, functionConfig } from "./function-config.ts";
import { addFunctionPort } from "./function-port.ts";
import { logConfig } from "./log-config.ts";
import { platformConfig } from "./platform-config.ts";
import { platformSchema } from "./platform-schema.ts";
import { readTree, resolveTree } from "./read-tree.ts";
import { functionSchema } from "./schema.ts";
import { makeProblem } from "./source-text.ts";

export interface LoadConfigInput {
  /** `--config`. Absent: the default file if there is one, else the environment alone. */
  readonly file?: string;
  /** `--platform-config`. Absent: the default file if there is one. */
  readonly platformFile?: string;
  /** A function named on the command line; goes before `spec.handler`. */
  readonly functionFile?: string;
  /** Also reports a function whose file cannot be found. Default: only when no function is named at all. */
  readonly requireFunction?: boolean;
  /** The trigger when none is written. Default: the one that is known, else extproc. */
  readonly defaultTrigger?: Partial<DefaultTrigger>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative paths of the command line start; absolute. */
  readonly cwd: string;
}

/** Where the reference has its configuration. */
export const defaultFile = "/etc/nuclio/config/processor/processor.yaml";

const functionFileOption = {
  option: "--config",
  defaultFile,
  instead: null,
};
const platformFileOption = {
  option: "--platform-config",
  defaultFile: "/etc/nuclio/config/platform/platform.yaml",
  instead: "the defaults of the platform are used",
};

/** Reads, checks and completes the configuration. Never throws for what is in it: everything wrong is a problem. */
export function loadConfig(input: LoadConfigInput, kinds: readonly TriggerKind[] = triggerKinds): ConfigResult {
  const problems: ConfigProblem[] = [];
  const { environment, cwd } = input;
  const overrides = findOverrides(environment);
  const own = readTree({ ...functionFileOption, given: input.file }, cwd, problems);
  const platform = readTree({ ...platformFileOption, given: input.platformFile }, cwd, problems);
  add(problems, checkFunctionName(input.functionFile));
  if (own.broken || platform.broken) return finish(null, problems, "written");

  const specOverrides = overrides.spec.map((override) => ({ ...override, steps: ["spec", ...override.steps] }));
  const lacking = lacksTrigger(own.root, overrides.spec);
  const kind = input.defaultTrigger?.kind ?? knownKind(own.root, overrides.spec, input);
  const triggersAre = !lacking ? "written" : kind === null ? "assumed" : "known";
  const trigger = { ...input.defaultTrigger, kind: kind ?? "extproc" };
  const complete = lacking ? addDefaultTrigger(own.root, trigger, own.place) : own.root;
  const resolved = resolveTree(complete, specOverrides, environment, problems);
  const root = followsHttpContract(resolved, input.functionFile, environment)
    ? addFunctionPort(resolved, environment)
    : resolved;
  const platformRoot = resolveTree(platform.root, overrides.platform, environment, problems);
  const start = own.place;

  const context: CheckContext = { path: "", place: start, baseDirectory: own.directory, scopes: [] };
  const document = checkNode(root, functionSchema, context, problems);
  const platformContext = { ...context, place: platform.place, baseDirectory: platform.directory };
  const platformDocument = checkNode(platformRoot, platformSchema, platformContext, problems);
  const triggersNode = child(child(root, "spec")?.value ?? null, "triggers")?.value ?? null;
  const triggersPlace = placeAt(root, ["spec", "triggers"], start);
  const triggersContext = { ...context, path: "spec.triggers", place: triggersPlace };
  const checked = checkTriggers(triggersNode, kinds, triggersContext, problems);
  const mode = platformDocument?.cronTriggerCreationMode ?? "processor";
  const triggers = leaveCronToPlatform(checked, mode, environment, { root, place: start }, problems);

  const functionOptions = functionConfig(input, root, own.directory);
  const nothingGiven =
    !own.found && specOverrides.length === 0 && input.functionFile === undefined && !namesFunction(environment);
  const isNamedHere = input.functionFile !== undefined || functionOptions.sourceCode !== null;
  const unusable =
    isNamedHere || child(child(root, "spec")?.value ?? null, "handler") !== null
      ? null
      : checkEnvironmentFunction(environment);
  if (unusable !== null) problems.push(unusable);
  else if (nothingGiven) problems.push(nothingToRun());
  else if (
    functionOptions.sourceCode === null && functionOptions.handler === ""
      ? document !== undefined
      : input.requireFunction
  ) {
    add(problems, checkFunction(functionOptions, input, root, start));
  } else add(problems, checkSourceCode(functionOptions, root, start));
  if (document === undefined || platformDocument === undefined) return finish(null, problems, triggersAre);

  const { metadata, spec } = document;
  const roots = { functionRoot: root, platformRoot, fallback: start };
  const config: ProcessorConfig = {
    name: metadata.name,
    namespace: metadata.namespace,
    project: metadata.labels?.["nuclio.io/project-name"] ?? "",
    description: spec.description ?? "",
    version: spec.version ?? 0,
    function: functionOptions,
    triggers,
    env: Object.fromEntries(spec.env.map(({ name, value }) => [name, value])),
    eventTimeoutMs: spec.eventTimeout ?? 0,
    hangTimeoutMs: spec.hangTimeout ?? defaultHangTimeoutMs(triggers),
    log: logConfig(spec.loggerSinks, platformDocument.logger, roots, problems),
    platform: platformConfig(platformDocument, metadata, environment["NUCLIO_FUNCTION_INSTANCE"], roots, problems),
  };
  problems.push(...checkPorts(triggers, kinds, config.platform, root, start));
  return finish(config, problems, triggersAre);
}

/** What a job computes without a pause keeps nobody waiting. */
function defaultHangTimeoutMs(triggers: readonly OpenTriggerConfig[]): number {
  return triggers.length > 0 && triggers.every(({ kind }) => kind === "job") ? Number.POSITIVE_INFINITY : 2000;
}

function add(problems: ConfigProblem[], problem: ConfigProblem | null): void {
  if (problem !== null) problems.push(problem);
}

function nothingToRun(): ConfigProblem {
  const message = `There is no function and no configuration: name a function file or --config FILE, set PROCESSOR_HANDLER, or put a configuration at ${defaultFile}`;
  return makeProblem("error", "no-configuration", "", message, { kind: "command line", option: "" });
}

function finish(
  config: ProcessorConfig | null,
  problems: readonly ConfigProblem[],
  triggersAre: ConfigResult["triggersAre"],
): ConfigResult {
  const sorted = problems.toSorted((a, b) => position(a) - position(b));
  const isBroken = problems.some((problem) => problem.severity === "error");
  return { config: isBroken ? null : config, problems: sorted, triggersAre };
}

/** Down the file, then the environment and the command line. */
function position({ source }: ConfigProblem): number {
  return source.kind === "file" ? source.line * 10_000 + Math.min(source.column, 9_999) : Number.MAX_SAFE_INTEGER;
}
