/** Puts into words why a worker cannot serve: for the terminal, without the stack of our own code. */
import { TriggerError } from "../triggers/contract.ts";
import type { StartProblem } from "./contract.ts";

export function describeStartError(error: unknown): StartProblem {
  if (error instanceof TriggerError) return { code: error.code, setting: error.setting, message: error.message };
  if (!(error instanceof Error)) return { code: "UNKNOWN", setting: null, message: Bun.inspect(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  const setting = "setting" in error && typeof error.setting === "string" ? error.setting : null;
  return { code, setting, message: error.message };
}
