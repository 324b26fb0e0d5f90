/** The command line of `invoke`, parsed as the executable does. */
import type { CommandArguments } from "../command.ts";
import { invokeCommand } from "../invoke.ts";
import { parseArguments } from "../parse-arguments.ts";

export function parseInvoke(...args: string[]): CommandArguments {
  return parseArguments(invokeCommand, args);
}
