/** A Python handler ready for events, in processes of its own. */
import type { FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import type { NuclioFunction } from "../nuclio/open.ts";
import { wrapperCommand } from "./command.ts";
import { WrapperPool } from "./pool.ts";

/**
 * Starts `host.numWorkers` wrappers and awaits them. Events beyond wait for a free one. Rejections are `EventError`s.
 * @throws FunctionLoadError with what Python says when the function cannot be loaded
 */
export async function openPythonFunction(
  loaded: Extract<LoadedFunction, { contract: "python" }>,
  host: Omit<FunctionHost, "workerId">,
): Promise<NuclioFunction> {
  const pool = new WrapperPool(wrapperCommand(loaded, host, process.env), host);
  await pool.start();
  return {
    origin: loaded.origin,
    trigger: host.trigger,
    invoke: (event, call) => pool.invoke(event, call),
    close: () => pool.close(),
  };
}
