/** What workers load the function from. An archive is unpacked here, once for all of them and those that replace them. */
import type { FunctionConfig } from "../config/contract.ts";
import { unpackFunction } from "../function/archive/unpack-function.ts";
import type { Logger } from "../telemetry/log.ts";
import { describeStartError } from "../worker/describe-start-error.ts";
import { StartError } from "./start-error.ts";

/**
 * Gives the function as it is unless it is an archive. What was unpacked goes when the process ends, however it ends but by SIGKILL.
 * @param environment Of the workers, which look for the function by it too.
 * @throws StartError
 */
export function openFunction(
  config: FunctionConfig,
  environment: Readonly<Record<string, string>>,
  log: Logger,
): FunctionConfig {
  const startedAt = performance.now();
  const unpacked = unpack(config, environment);
  if (unpacked === null) return config;
  const { archive, directory, files, bytes, handler } = unpacked;
  process.on("exit", () => {
    try {
      unpacked[Symbol.dispose]();
    } catch (error) {
      log.warn({ err: error, directory }, `what ${archive} was unpacked into could not be removed`);
    }
  });
  const tookMs = Math.round(performance.now() - startedAt);
  log.info({ archive, directory, files, bytes, tookMs }, `unpacked ${archive}`);
  return { ...config, handler };
}

function unpack(config: FunctionConfig, environment: Readonly<Record<string, string>>) {
  try {
    return unpackFunction(config, environment);
  } catch (error) {
    throw new StartError(describeStartError(error));
  }
}
