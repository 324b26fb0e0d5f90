/** The command line: finds the command, loads only that one, and turns its errors into a line or two. */
import { existsSync, writeSync } from "node:fs";
import { nearest } from "../config/did-you-mean.ts";
import { servedRuntimes } from "../config/runtime.ts";
import { version } from "../version.ts";
import { type Command, CommandError, type CommandIo, type CommandOption, type TextOutput } from "./command.ts";
import { describeCommand, describeProgram } from "./help.ts";
import { parseArguments } from "./parse-arguments.ts";

/** In the order of the help text. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).runCommand,
  validate: async () => (await import("./validate.ts")).validateCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
  invoke: async () => (await import("./invoke.ts")).invokeCommand,
  health: async () => (await import("./health.ts")).healthCommand,
};

/** Options that stand instead of a command. */
const programOptions: readonly CommandOption[] = [
  { name: "version", help: "Show the version." },
  { name: "list-runtimes", help: "List the runtimes a configuration may name." },
];

/** `args` without program and script. Resolves with the exit code; never rejects. */
export async function runCommandLine(args: readonly string[], entry: URL): Promise<number> {
  const io: CommandIo = {
    stdout: openOutput(1, process.stdout.isTTY),
    stderr: openOutput(2, process.stderr.isTTY),
    env: process.env,
    cwd: process.cwd(),
    entry,
  };
  return dispatch(args, io);
}

/** The same with another terminal and environment. Without a command it is the processor of the reference: `run`. */
export async function dispatch(args: readonly string[], io: CommandIo): Promise<number> {
  const [first] = args;
  const name = first === undefined || first.startsWith("-") ? null : first;
  try {
    if (first === undefined && !(await hasConfiguration(io))) return await showHelp(io);
    if (name === null) return await runBare(args, io);
    const load = commands[name];
    if (load === undefined) throw new CommandError(await describeUnknownCommand(name), 2);
    return await runParsed(await load(), args.slice(1), io);
  } catch (error) {
    if (error instanceof CommandError) {
      io.stderr.write(`processor: ${error.message}\n`);
      const help = name !== null && name in commands ? `processor ${name} --help` : "processor --help";
      if (error.exitCode === 2) io.stderr.write(`"${help}" shows what is possible.\n`);
      return error.exitCode;
    }
    io.stderr.write(`processor: a defect in the processor itself: ${Bun.inspect(error)}\n`);
    return 1;
  }
}

async function runParsed(command: Command, args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseArguments(command, args);
  if (!parsed.has("help")) return command.run(parsed, io);
  io.stdout.write(describeCommand(command));
  return 0;
}

async function runBare(args: readonly string[], io: CommandIo): Promise<number> {
  const { runCommand: run } = await import("./run.ts");
  const bare: Command = { ...run, maxPositionals: 0, options: [...run.options, ...programOptions] };
  const parsed = parseArguments(bare, args);
  if (parsed.has("help")) return showHelp(io);
  if (parsed.has("version")) io.stdout.write(`${version}\n`);
  else if (parsed.has("list-runtimes")) io.stdout.write(`${servedRuntimes.join("\n")}\n`);
  else return run.run(parsed, io);
  return 0;
}

/** Images start the processor without arguments: the configuration is where the reference has it, or in the environment. */
async function hasConfiguration({ env }: CommandIo): Promise<boolean> {
  const [{ defaultFile }, { namesFunction }] = await Promise.all([
    import("../config/load.ts"),
    import("../config/environment-function.ts"),
  ]);
  return Boolean(env["PROCESSOR_HANDLER"]) || namesFunction(env) || existsSync(defaultFile);
}

async function showHelp(io: CommandIo): Promise<number> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  io.stdout.write(describeProgram(all, programOptions, version));
  return 0;
}

async function describeUnknownCommand(name: string): Promise<string> {
  const isFile = /[./]/u.test(name);
  if (isFile) return `unknown command "${name}": to run a function, write "processor run ${name}"`;
  const candidate = nearest(name, Object.keys(commands));
  return `unknown command "${name}"${candidate === null ? "" : `: did you mean "${candidate}"?`}`;
}

/** Written synchronously: the process may end right after. */
function openOutput(fd: 1 | 2, isTerminal: boolean | undefined): TextOutput {
  return { isTerminal: isTerminal === true, write: (text) => writeAll(fd, new TextEncoder().encode(text)) };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      // Nobody reads any more: there is nobody to tell.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}
