/** `processor run`: the processor itself, until a signal ends it or its jobs are done. */
import { type Command, type CommandArguments, CommandError, type CommandIo } from "./command.ts";
import type { ConfigProblem } from "../config/contract.ts";
import { findSyntaxErrors, loadToRun } from "./load-to-run.ts";

export const runCommand: Command = {
  name: "run",
  summary: "Run a function behind its triggers.",
  usage: "[function] [options]",
  description: [
    "With a function file alone its exports decide: middleware serves Envoy as an external processor on port 5051, everything else answers HTTP on port 8080. A configuration says more: triggers, workers, limits.",
    "Every setting can also come from the environment, e.g. PROCESSOR_TRIGGERS__GATE__ATTRIBUTES__PORT=5051.",
    "SIGTERM and Ctrl-C let what is in flight finish; a second one ends at once. With job triggers the process ends by itself: exit code 0 when every job succeeded, 1 when one failed, 143 or 130 when a signal cancelled them.",
  ],
  maxPositionals: 1,
  options: [
    { name: "config", value: "FILE", help: "Configuration of the function (YAML or JSON)." },
    { name: "platform-config", value: "FILE", help: "Configuration of the platform: ports, log, metrics." },
    {
      name: "trigger",
      value: "KIND",
      help: "Without a trigger in the configuration: the kind to use, e.g. http, whatever the function exports.",
    },
    { name: "port", value: "PORT", help: "The port of that trigger; 0 takes any free one." },
  ],
  examples: [
    { line: "processor run hello.ts", help: "Serve the function in hello.ts, to Envoy or over HTTP." },
    { line: "processor run --config processor.yaml", help: "Run what a configuration describes." },
    { line: "processor run hello.ts --trigger job", help: "Call the function once." },
  ],
  run: runFunction,
};

async function runFunction(args: CommandArguments, io: CommandIo): Promise<number> {
  const [{ triggerKinds }, { runProcessor }, { StartError }, { version }] = await Promise.all([
    import("../triggers/kinds.ts"),
    import("../processor/processor.ts"),
    import("../processor/start-error.ts"),
    import("../version.ts"),
  ]);
  try {
    const { config, problems, triggersAre } = await loadToRun(args, io);
    // Warnings of a processor that runs are lines of its log, unless a person is there to read them.
    const shown = config === null || io.stderr.isTerminal;
    if (shown) await showProblems(problems, io);
    if (config === null) return 1;
    return await runProcessor({
      config,
      warnings: shown ? [] : problems,
      kinds: triggerKinds,
      entry: io.entry,
      version,
      env: io.env,
      terminal: io.stdout.isTerminal,
      colours: io.stdout.isTerminal && !io.env["NO_COLOR"],
      requirePorts: args.option("config") !== undefined,
      showsHowToTry: triggersAre !== "written",
    });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const mistakes = await findSyntaxErrors(args, io);
    if (mistakes.length > 0) {
      await showProblems(mistakes, io);
      return 1;
    }
    const { setting, message } = error.problem;
    throw new CommandError(setting === null ? message : `${message}\n  setting: ${setting}`);
  }
}

async function showProblems(problems: readonly ConfigProblem[], { stderr, env }: CommandIo): Promise<void> {
  if (problems.length === 0) return;
  const { renderProblems } = await import("../config/render-problems.ts");
  stderr.write(renderProblems(problems, { colors: stderr.isTerminal && !env["NO_COLOR"] }));
}
