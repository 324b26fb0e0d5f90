/** The options of `processor invoke` as a call over HTTP or of an event. */
import { type CommandArguments, CommandError, type CommandOption } from "../command.ts";
import type { Call } from "./call.ts";
import { readData, readFields, readPositive } from "./read-options.ts";

export const defaultCallTimeoutMs = 60_000;
const levels = ["debug", "info", "warn", "error"];

/**
 * @param options Those that have no meaning for this call.
 * @param what Names the call, e.g. "HTTP".
 * @throws CommandError with exit code 2 that names the option that is wrong.
 */
export function readCall(args: CommandArguments, cwd: string, options: readonly CommandOption[], what: string): Call {
  const surplus = options.find(({ name }) => args.has(name) || args.option(name) !== undefined);
  if (surplus !== undefined) throw new CommandError(`--${surplus.name} plays Envoy and has no meaning for ${what}`, 2);
  const path = args.option("path") ?? null;
  if (path !== null && !path.startsWith("/")) {
    throw new CommandError(`--path begins with "/", not as ${JSON.stringify(path)}`, 2);
  }
  const level = args.option("log-level");
  if (level !== undefined && !levels.includes(level)) {
    throw new CommandError(`--log-level is one of ${levels.join(", ")}, not "${level}"`, 2);
  }
  const fields = readFields(args, "header");
  return {
    method: args.option("method") ?? null,
    path,
    fields: level === undefined ? fields : [...fields, ["x-nuclio-log-level", level]],
    body: readData(args, "data", cwd),
    timeoutMs: readPositive(args, "timeout", defaultCallTimeoutMs),
  };
}
