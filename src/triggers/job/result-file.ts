/** Finds out before a job begins whether its result could be kept: afterwards its work would be lost. */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { TriggerError } from "../contract.ts";

/** @throws TriggerError that names `setting`. */
export function assertWritable(file: string, setting: string): void {
  const place = existsSync(file) ? file : dirname(file);
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
    const reason = code === "ENOENT" ? "does not exist" : "may not be written by this user";
    throw new TriggerError(code, setting, `the result of the job cannot be kept: ${place} ${reason}`, { cause: error });
  }
}
