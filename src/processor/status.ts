/** What the processor says about itself: readiness for probes, a page for people. */
import type { ProcessorConfig } from "../config/contract.ts";
import type { FunctionReport } from "../worker/contract.ts";
import type { WorkerStatus } from "./worker-slot.ts";

export type ProcessorState = "starting" | "ready" | "draining";

/** Null when traffic may come. */
export function whyNotReady(state: ProcessorState, workers: readonly WorkerStatus[]): string | null {
  if (state === "starting") return "Processor not ready yet";
  if (state === "draining") return "Processor is draining";
  return workers.some((worker) => worker.state === "ready") ? null : "No worker is ready";
}

/** The function as the workers loaded it; null before the first one has. */
export function findFunction(workers: readonly WorkerStatus[]): FunctionReport | null {
  return workers.find((worker) => worker.function !== null)?.function ?? null;
}

/** The page at `/` of the admin server. */
export function describeStatus(
  config: ProcessorConfig,
  version: string,
  state: ProcessorState,
  workers: readonly WorkerStatus[],
): object {
  return {
    name: config.name,
    namespace: config.namespace,
    version,
    state,
    uptimeSeconds: Math.round(performance.now() / 1000),
    function: findFunction(workers),
    workers: workers.map((worker) => ({
      index: worker.index,
      state: worker.state,
      replacements: worker.replacements,
      listens: Object.fromEntries(worker.triggers.map((trigger) => [trigger.name, trigger.address])),
    })),
  };
}

/** One line for each trigger: where it listens, what runs behind it, in how many workers. */
export function describeTriggers(
  config: ProcessorConfig,
  workers: readonly WorkerStatus[],
): readonly { readonly trigger: string; readonly text: string }[] {
  const loaded = findFunction(workers);
  const served = loaded === null ? "" : `: ${loaded.contract} ${loaded.file}`;
  return config.triggers.map(({ name, kind, numWorkers }) => {
    const opened = workers.flatMap((worker) => worker.triggers.filter((trigger) => trigger.name === name));
    const addresses = [...new Set(opened.flatMap((trigger) => trigger.address ?? []))];
    const place = addresses.length === 0 ? "" : ` on ${addresses.join(", ")}`;
    // Python's instances are processes of the one thread.
    const count = loaded?.contract === "python" ? Math.max(1, numWorkers) : opened.length;
    const instances = count === 1 ? "1 worker" : `${count} workers`;
    return { trigger: name, text: `${kind} "${name}"${place}${served}, ${instances}` };
  });
}

/** A command line for every trigger that serves TCP. */
export function howToTry(workers: readonly WorkerStatus[]): readonly string[] {
  const lines = workers.flatMap(({ triggers }) =>
    triggers.flatMap(({ kind, address }) => {
      const reachable = address?.replace(/^0\.0\.0\.0:/u, "localhost:");
      if (kind === "http") return `curl http://${reachable}/`;
      return kind === "extproc" ? `processor invoke ${reachable}` : [];
    }),
  );
  return [...new Set(lines)];
}
