/**
 * What workers load the function from. An archive is unpacked and a source in the configuration written here, once for
 * all of them and those that replace them.
 */
import type { FunctionConfig } from "../config/contract.ts";
import { prepareFunction } from "../function/prepare-function.ts";
import type { Logger } from "../telemetry/log.ts";
import { describeStartError } from "../worker/describe-start-error.ts";
import { StartError } from "./start-error.ts";

/**
 * Gives the function as it is when it is a file. What was made for it goes when the process ends, however it ends but by SIGKILL.
 * @param environment Of the workers, which look for the function by it too.
 * @throws StartError
 */
export function openFunction(
  config: FunctionConfig,
  environment: Readonly<Record<string, string>>,
  log: Logger,
): FunctionConfig {
  const startedAt = performance.now();
  const prepared = prepare(config, environment);
  if (prepared === null) return config;
  const { from, source, directory, files, bytes } = prepared;
  process.on("exit", () => {
    try {
      prepared[Symbol.dispose]();
    } catch (error) {
      log.warn({ err: error, directory }, `what ${from} was unpacked into could not be removed`);
    }
  });
  const tookMs = Math.round(performance.now() - startedAt);
  log.info({ from, directory, files, bytes, tookMs }, `unpacked ${from}`);
  return { ...source, sourceCode: null };
}

function prepare(config: FunctionConfig, environment: Readonly<Record<string, string>>) {
  try {
    return prepareFunction(config, config.sourceCode, environment);
  } catch (error) {
    throw new StartError(describeStartError(error));
  }
}
