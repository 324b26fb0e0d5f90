/** The worker thread of the executable: every trigger kind, functions loaded from outside; or one that only looks at them. */
import { workerData } from "node:worker_threads";
import { loadFunction } from "../function/load.ts";
import type { LoadedFunction } from "../function/loaded-function.ts";
import { triggerOpeners } from "../triggers/openers.ts";
import type { WorkerStart } from "./contract.ts";
import type { InspectStart } from "./inspect.ts";
import { runWorker } from "./run.ts";

export async function runProcessorWorker(): Promise<void> {
  // Imported here: a worker that serves needs none of it, and its memory is what it imports.
  if (isInspectStart(workerData)) return (await import("./inspect.ts")).inspectFunction(workerData);
  return runWorker({ openers: triggerOpeners, loadFunction: loadForTriggers });
}

function isInspectStart(data: unknown): data is InspectStart {
  return typeof data === "object" && data !== null && "inspect" in data;
}

function loadForTriggers(start: WorkerStart): Promise<LoadedFunction> {
  const attributes = start.triggers.map(({ config }) => config.attributes);
  return loadFunction(start.function, {
    hasType: attributes.some((each) => typeof readMember(each, "type") === "string"),
    contract: attributes.map((each) => readMember(each, "contract")).find(isContract),
    kinds: start.triggers.map(({ config }) => config.kind),
    environment: process.env,
  });
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? value[name as keyof typeof value] : undefined;
}

function isContract(value: unknown): value is LoadedFunction["contract"] {
  return ["middleware", "fetch", "nuclio", "kubeless", "kyma", "python"].includes(String(value));
}
