/** `processor validate`: everything that is wrong with a configuration, without running it. */
import type { ConfigProblem, ConfigResult, ProcessorConfig } from "../config/contract.ts";
import type { Command, CommandArguments, CommandIo } from "./command.ts";

export const validateCommand: Command = {
  name: "validate",
  summary: "Check a configuration and find its function.",
  usage: "[function] [options]",
  description: [
    "Shows every problem with file, line, column and how to mend it. PROCESSOR_… variables count as they do when running.",
    "Exit code 0: the processor would start with it. 1: there are errors, or warnings with --strict.",
  ],
  maxPositionals: 1,
  options: [
    { name: "config", value: "FILE", help: "Configuration of the function (YAML or JSON)." },
    { name: "platform-config", value: "FILE", help: "Configuration of the platform: ports, log, metrics." },
    { name: "strict", help: "Take warnings, such as unknown keys, for errors." },
    { name: "json", help: "Write one JSON document." },
  ],
  examples: [
    { line: "processor validate --config processor.yaml", help: "Check a file and the function it names." },
    { line: "processor validate --strict --json --config processor.yaml", help: "The same in a pipeline." },
  ],
  run: validate,
};

async function validate(args: CommandArguments, io: CommandIo): Promise<number> {
  const [{ loadConfig }, { problemsAsJson, renderProblems }] = await Promise.all([
    import("../config/load.ts"),
    import("../config/render-problems.ts"),
  ]);
  const file = args.option("config");
  const platformFile = args.option("platform-config");
  const [functionFile] = args.positionals;
  const {
    config,
    problems: found,
    triggersAre,
  } = loadConfig({
    ...(file !== undefined && { file }),
    ...(platformFile !== undefined && { platformFile }),
    ...(functionFile !== undefined && { functionFile }),
    requireFunction: true,
    environment: io.env,
    cwd: io.cwd,
  });
  const problems = args.has("strict")
    ? found.map((problem): ConfigProblem => ({ ...problem, severity: "error" }))
    : found;
  if (args.has("json")) io.stdout.write(problemsAsJson(problems));
  else {
    const colors = io.stdout.isTerminal && !io.env["NO_COLOR"];
    io.stdout.write(renderProblems(problems, { colors }));
    if (config !== null && problems.every(isWarning)) io.stdout.write(`valid: ${describe(config, triggersAre)}\n`);
  }
  return problems.every(isWarning) ? 0 : 1;
}

function isWarning(problem: ConfigProblem): boolean {
  return problem.severity === "warning";
}

function describe(
  { function: { handler }, triggers }: ProcessorConfig,
  triggersAre: ConfigResult["triggersAre"],
): string {
  const named = handler === "" ? "the default function" : `function ${handler}`;
  if (triggersAre === "assumed") return `${named}, behind the trigger its exports decide`;
  const parts = triggers.map(({ name, kind, numWorkers }) => {
    return `trigger ${name} (${kind}, ${numWorkers} worker${numWorkers === 1 ? "" : "s"})`;
  });
  return [named, ...parts].join(", ");
}
