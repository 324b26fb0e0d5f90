/** Reads a command line in the syntax of Go's flags and of GNU alike: `-x`, `--x`, `--x=v`, `--x v`, `--` ends the options. */
import { parseArgs } from "node:util";
import { nearest } from "../config/did-you-mean.ts";
import { type Command, type CommandArguments, CommandError, type CommandOption } from "./command.ts";

/** Options every command has. */
export const commonOptions: readonly CommandOption[] = [{ name: "help", help: "Show this help." }];

/** Throws a `CommandError` with exit code 2 that names the wrong argument. */
export function parseArguments(command: Command, args: readonly string[]): CommandArguments {
  const options = [...command.options, ...commonOptions];
  const { tokens } = parseArgs({
    args: args.map((arg) => lengthenDash(arg)),
    options: Object.fromEntries(
      options.flatMap(({ name, short = name, value }) => {
        const type = { type: value ? ("string" as const) : ("boolean" as const) };
        return [
          [name, type],
          [short, type],
        ];
      }),
    ),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = options.find(({ name, short }) => name === token.name || short === token.name);
    if (option === undefined) throw new CommandError(describeUnknown(token.name, options), 2);
    if (option.value === undefined) setSwitch(switches, option.name, token.value);
    else if (token.value === undefined || token.value === "") {
      throw new CommandError(`option --${option.name} needs a value: --${option.name} ${option.value}`, 2);
    } else values.set(option.name, [...(values.get(option.name) ?? []), token.value]);
  }
  const surplus = positionals[command.maxPositionals];
  if (surplus !== undefined) throw new CommandError(`unexpected argument "${surplus}"`, 2);
  return {
    positionals,
    option: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
    has: (name) => switches.has(name),
  };
}

/** `-config` is `--config`; `-h` is help; a lone "-" and negative numbers are no options. */
function lengthenDash(arg: string): string {
  if (arg === "-h") return "--help";
  return /^-[a-z]/iu.test(arg) ? `-${arg}` : arg;
}

/** Go's flags allow `--version=false`. */
function setSwitch(switches: Set<string>, name: string, value: string | undefined): void {
  const text = value?.toLowerCase() ?? "true";
  if (["true", "t", "1"].includes(text)) switches.add(name);
  else if (["false", "f", "0"].includes(text)) switches.delete(name);
  else throw new CommandError(`option --${name} is a switch: it takes no value, or true or false, not "${value}"`, 2);
}

function describeUnknown(name: string, options: readonly CommandOption[]): string {
  const candidate = nearest(
    name,
    options.map((option) => option.name),
  );
  return `unknown option --${name}${candidate === null ? "" : `: did you mean --${candidate}?`}`;
}
