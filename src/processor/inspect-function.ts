/** Has a short-lived worker thread look at the function: it is evaluated exactly as those that run it do. */
import { Worker } from "node:worker_threads";
import type { FunctionConfig } from "../config/contract.ts";
import { prepareFunction } from "../function/prepare-function.ts";
import { describeStartError } from "../worker/describe-start-error.ts";
import type { InspectReport, InspectStart } from "../worker/inspect.ts";
import { StartError } from "./start-error.ts";

export type InspectedFunction = Extract<InspectReport, { kind: "inspected" }>;

const patienceMs = 10_000;

/**
 * @param entry The main module.
 * @param environment Of the workers.
 * @throws StartError when the function cannot be loaded.
 */
export async function inspectFunction(
  { sourceCode, ...config }: FunctionConfig,
  entry: URL,
  environment: Readonly<Record<string, string>>,
): Promise<InspectedFunction> {
  using prepared = attempt(() => prepareFunction(config, sourceCode, environment));
  const start: InspectStart = { inspect: prepared?.source ?? config };
  const worker = new Worker(entry, { workerData: start, env: { ...environment } });
  const { promise, resolve, reject } = Promise.withResolvers<InspectReport>();
  const fail = (code: string, message: string): void => reject(new StartError({ code, setting: null, message }));
  const timer = setTimeout(
    () => fail("HANG", "the function is still loading after 10 s: does a top-level await not settle?"),
    patienceMs,
  );
  worker.on("message", resolve);
  worker.on("error", (error: unknown) => reject(new StartError(describeStartError(error))));
  worker.on("exit", () =>
    fail("EXIT", "the function ended its thread while it was loaded: does it call process.exit?"),
  );
  try {
    const report = await promise;
    if (report.kind === "failed") throw new StartError(report.problem);
    return report;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function attempt<Value>(action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw new StartError(describeStartError(error));
  }
}
