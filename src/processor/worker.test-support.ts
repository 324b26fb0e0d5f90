/** The entry of worker threads in tests: the real worker with a made-up trigger kind and function. */
import type { LoadedFunction } from "../function/loaded-function.ts";
import type { TriggerOpener } from "../triggers/contract.ts";
import { runWorker } from "../worker/run.ts";
import type { WorkerStart } from "../worker/contract.ts";
import { openEcho } from "./echo-kind.test-support.ts";

await runWorker({ openers: new Map([["echo", openEcho as TriggerOpener]]), loadFunction: loadByName });

/** `spec.handler` says how loading goes. */
async function loadByName({ function: { handler } }: WorkerStart): Promise<LoadedFunction> {
  await Bun.sleep(1);
  switch (handler) {
    case "missing":
      throw Object.assign(new Error("there is no function"), { code: "FUNCTION_NOT_FOUND", setting: "spec.handler" });
    case "exits":
      return process.exit(4);
    case "exits after the first start": {
      const marker = Bun.file(process.env["MARKER"] ?? "");
      if (await marker.exists()) return process.exit(5);
      await Bun.write(marker, "started");
    }
  }
  return { contract: "middleware", origin: { file: "/f.ts", exportName: "default" }, run: () => undefined };
}
