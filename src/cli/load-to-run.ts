/** The configuration of a function to be run: file, environment, command line, and the trigger its exports decide. */
import type { ConfigProblem, ConfigResult } from "../config/contract.ts";
import type { LoadConfigInput } from "../config/load.ts";
import { type CommandArguments, CommandError, type CommandIo } from "./command.ts";

/** Mistakes in the function that stand in a line of the configuration; they say more than what the start ended with. */
export async function findSyntaxErrors(args: CommandArguments, io: CommandIo): Promise<readonly ConfigProblem[]> {
  const { loadConfig } = await import("../config/load.ts");
  const { problems } = loadConfig({ ...readInput(args, io), requireFunction: true });
  return problems.filter(({ code }) => code === "syntax-error");
}

/** @throws StartError when the function cannot be loaded; CommandError for options that do not go together. */
export async function loadToRun(args: CommandArguments, io: CommandIo): Promise<ConfigResult> {
  const { loadConfig } = await import("../config/load.ts");
  const trigger = await readTrigger(args);
  const input = { ...readInput(args, io), defaultTrigger: trigger };
  const loaded = loadConfig(input);
  if (loaded.config === null) return loaded;
  if (loaded.triggersAre === "written" && (trigger.kind !== undefined || trigger.port !== undefined)) {
    throw new CommandError("--trigger and --port are for functions without a trigger in their configuration", 2);
  }
  if (loaded.triggersAre !== "assumed" && trigger.kind !== "http") return loaded;
  const [{ chooseTrigger }, { buildWorkerEnvironment }] = await Promise.all([
    import("../processor/choose-trigger.ts"),
    import("../processor/worker-environment.ts"),
  ]);
  const { env } = buildWorkerEnvironment(io.env, loaded.config);
  const chosen = await chooseTrigger(trigger.kind, loaded.config.function, io.entry, env);
  return loadConfig({ ...input, defaultTrigger: { ...trigger, ...chosen } });
}

function readInput(args: CommandArguments, { env, cwd }: CommandIo): LoadConfigInput {
  const file = args.option("config");
  const platformFile = args.option("platform-config");
  const [functionFile] = args.positionals;
  return {
    ...(file !== undefined && { file }),
    ...(platformFile !== undefined && { platformFile }),
    ...(functionFile !== undefined && { functionFile }),
    environment: env,
    cwd,
  };
}

async function readTrigger(args: CommandArguments): Promise<{ readonly kind?: string; readonly port?: string }> {
  const kind = args.option("trigger");
  const port = args.option("port");
  if (kind !== undefined) {
    const { triggerKinds } = await import("../triggers/kinds.ts");
    const found = triggerKinds.find((candidate) => candidate.kind === kind);
    if (found === undefined) {
      const kinds = triggerKinds.map((candidate) => candidate.kind).join(", ");
      throw new CommandError(`there is no trigger kind "${kind}": it is one of ${kinds}`, 2);
    }
    if (port !== undefined && found.listensOn === undefined) {
      throw new CommandError(`--port does not go with --trigger ${kind}, which listens nowhere`, 2);
    }
  }
  if (port !== undefined && !(/^\d{1,5}$/u.test(port) && Number(port) <= 65_535)) {
    throw new CommandError(`--port must be a number from 0 to 65535, not "${port}"`, 2);
  }
  return { ...(kind !== undefined && { kind }), ...(port !== undefined && { port }) };
}
