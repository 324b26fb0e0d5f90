/** Help texts, made from the declarations of the commands. */
import type { Command, CommandOption } from "./command.ts";
import { commonOptions } from "./parse-arguments.ts";

/** One screen: what it is, what it can do, how to begin. */
export function describeProgram(
  commands: readonly Command[],
  options: readonly CommandOption[],
  version: string,
): string {
  return `processor ${version}: functions in the path of your traffic

Usage
  processor <command> [options]
  processor --config FILE [--platform-config FILE]    the same as "run"

Commands
${table(commands.map(({ name, summary }) => [name, summary]))}

Options
${table([...options, ...commonOptions].map((option) => [optionLabel(option), option.help]))}

Examples
${commands
  .flatMap(({ examples }) => examples.slice(0, 1))
  .map(({ line, help }) => `  ${line}\n      ${help}`)
  .join("\n")}

"processor <command> --help" tells more about a command.
`;
}

export function describeCommand(command: Command): string {
  const paragraphs = [
    `${command.summary}\n\nUsage\n  processor ${command.name} ${command.usage}`.trimEnd(),
    ...(command.description ?? []).map((paragraph) => wrap(paragraph, 100)),
    ...describeOptions([...command.options, ...commonOptions]),
  ];
  if (command.examples.length > 0) {
    paragraphs.push(`Examples\n${command.examples.map(({ line, help }) => `  ${line}\n      ${help}`).join("\n")}`);
  }
  return `${paragraphs.join("\n\n")}\n`;
}

/** A table for each group, all of one width. */
function describeOptions(options: readonly CommandOption[]): readonly string[] {
  const width = Math.max(...options.map((option) => optionLabel(option).length));
  const groups = Map.groupBy(options, ({ group = "Options" }) => group);
  return [...groups].map(([group, members]) => {
    return `${group}\n${table(
      members.map((option) => [optionLabel(option), option.help]),
      width,
    )}`;
  });
}

function optionLabel({ name, short, value }: CommandOption): string {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? names : `${names} ${value}`;
}

function table(
  rows: readonly (readonly [string, string])[],
  width = Math.max(...rows.map(([label]) => label.length)),
): string {
  return rows
    .map(([label, text]) => {
      const lines = wrap(text, 96 - width).split("\n");
      return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(width)}  ${line}`).join("\n");
    })
    .join("\n");
}

function wrap(text: string, width: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const line = lines[last] ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[last] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}
