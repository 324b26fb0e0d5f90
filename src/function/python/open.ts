/** A Python handler ready for events, in processes of its own. */
import type { FunctionHost } from "../event-function.ts";
import type { LoadedFunction } from "../loaded-function.ts";
import type { NuclioFunction } from "../nuclio/open.ts";
import { wrapperCommand } from "./command.ts";
import { WrapperPool } from "./pool.ts";
import { placeWrapperScript } from "./wrapper-script.ts";

/**
 * Starts `host.numWorkers` wrappers and awaits them. Events beyond wait for a free one. Rejections are `EventError`s.
 * @throws FunctionLoadError with what Python says when the function cannot be loaded
 */
export async function openPythonFunction(
  loaded: Extract<LoadedFunction, { contract: "python" }>,
  host: Omit<FunctionHost, "workerId">,
): Promise<NuclioFunction> {
  const script = placeWrapperScript(process.env);
  const remove = (): void => script[Symbol.dispose]();
  process.on("exit", remove);
  try {
    const pool = new WrapperPool(wrapperCommand(loaded, host, script, process.env), host);
    await pool.start();
    return {
      origin: loaded.origin,
      trigger: host.trigger,
      invoke: (event, call) => pool.invoke(event, call),
      async close() {
        await pool.close();
        process.off("exit", remove);
        remove();
      },
    };
  } catch (error) {
    process.off("exit", remove);
    remove();
    throw error;
  }
}
