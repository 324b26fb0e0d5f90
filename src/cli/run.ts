/** `processor run`: the processor itself, until a signal ends it. */
import { type Command, type CommandArguments, CommandError, type CommandIo } from "./command.ts";

export const runCommand: Command = {
  name: "run",
  summary: "Run a function behind its triggers.",
  usage: "[function] [options]",
  description: [
    "With a function file alone the function serves Envoy as an external processor on port 5051. A configuration says more: triggers, workers, limits.",
    "Every setting can also come from the environment, e.g. PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PORT=5051.",
    "SIGTERM and Ctrl-C let exchanges in flight finish; a second one ends at once.",
  ],
  maxPositionals: 1,
  options: [
    { name: "config", value: "FILE", help: "Configuration of the function (YAML or JSON)." },
    { name: "platform-config", value: "FILE", help: "Configuration of the platform: ports, log, metrics." },
  ],
  examples: [
    { line: "processor run hello.ts", help: "Serve Envoy with the function in hello.ts, on port 5051." },
    { line: "processor run --config processor.yaml", help: "Run what a configuration describes." },
  ],
  run: runFunction,
};

async function runFunction(args: CommandArguments, io: CommandIo): Promise<number> {
  const [{ loadConfig }, { triggerKinds }, { runProcessor }, { StartError }, { version }] = await Promise.all([
    import("../config/load.ts"),
    import("../triggers/kinds.ts"),
    import("../processor/processor.ts"),
    import("../processor/start-error.ts"),
    import("../version.ts"),
  ]);
  const file = args.option("config");
  const platformFile = args.option("platform-config");
  const [functionFile] = args.positionals;
  const { config, problems } = loadConfig({
    ...(file !== undefined && { file }),
    ...(platformFile !== undefined && { platformFile }),
    ...(functionFile !== undefined && { functionFile }),
    environment: io.env,
    cwd: io.cwd,
  });
  // Warnings of a processor that runs are lines of its log, unless a person is there to read them.
  const shown = config === null || io.stderr.isTerminal;
  if (shown && problems.length > 0) {
    const { renderProblems } = await import("../config/render-problems.ts");
    io.stderr.write(renderProblems(problems, { colors: io.stderr.isTerminal && !io.env["NO_COLOR"] }));
  }
  if (config === null) return 1;
  try {
    return await runProcessor({
      config,
      warnings: shown ? [] : problems,
      kinds: triggerKinds,
      entry: io.entry,
      version,
      env: io.env,
      terminal: io.stdout.isTerminal,
      colours: io.stdout.isTerminal && !io.env["NO_COLOR"],
      requirePorts: file !== undefined,
    });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const { setting, message } = error.problem;
    throw new CommandError(setting === null ? message : `${message}\n  setting: ${setting}`);
  }
}
