/** Options of `processor invoke` that several ways of calling share. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type CommandArguments, CommandError } from "../command.ts";
import type { HeaderField } from "./envoy/model.ts";

/** "NAME: VALUE" lines of an option. */
export function readFields(args: CommandArguments, option: string): HeaderField[] {
  return args.all(option).map((line) => {
    const colon = line.indexOf(":", 1);
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon < 1 || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/u.test(name)) {
      throw new CommandError(`--${option} takes 'NAME: VALUE', not ${JSON.stringify(line)}`, 2);
    }
    // Header values are bytes: text outside Latin-1 travels as UTF-8.
    return [name, Buffer.from(line.slice(colon + 1).trim()).toString("latin1")];
  });
}

/** Text, or with "@" in front the content of a file. */
export function readData(args: CommandArguments, option: string, cwd: string): Uint8Array | null {
  const data = args.option(option);
  if (data === undefined) return null;
  if (!data.startsWith("@")) return Buffer.from(data);
  try {
    return readFileSync(resolve(cwd, data.slice(1)));
  } catch (error) {
    throw new CommandError(`--${option}: ${error instanceof Error ? error.message : String(error)}`, 2);
  }
}

/** A whole number above 0. */
export function readPositive(args: CommandArguments, option: string, fallback: number): number {
  const text = args.option(option);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new CommandError(`--${option} takes a whole number above 0, not "${text}"`, 2);
  }
  return value;
}
