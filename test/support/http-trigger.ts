/** An http trigger in this process, from the sources. */
import * as v from "valibot";
import { loadFunction } from "../../src/function/load.ts";
import type { LoadedFunction } from "../../src/function/loaded-function.ts";
import { createCellRecorder, createSharedNumbers } from "../../src/telemetry/cells.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import { httpAttributes } from "../../src/triggers/http/attributes.ts";
import { openHttp } from "../../src/triggers/http/open.ts";
import { MemoryLog } from "../../src/function/memory-log.test-support.ts";

export interface HttpTriggerOptions {
  /** Else `function`. */
  readonly file?: string;
  readonly function?: LoadedFunction;
  readonly runtime?: string;
  readonly eventTimeoutMs?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export interface OpenHttpTrigger extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly log: MemoryLogger;
}

export async function openHttpTrigger(options: HttpTriggerOptions): Promise<OpenHttpTrigger> {
  const { file = "", runtime = "", eventTimeoutMs = 0 } = options;
  const attributes = v.parse(httpAttributes, { host: "127.0.0.1", port: 0, ...options.attributes });
  const log = new MemoryLogger();
  const trigger = await openHttp(
    {
      name: "api",
      kind: "http",
      url: "",
      numWorkers: 1,
      workerAvailabilityTimeoutMs: 10_000,
      workerTerminationTimeoutMs: 10_000,
      attributes,
    },
    {
      workerIndex: 0,
      workerCount: 1,
      function:
        options.function ??
        (await loadFunction(
          { handler: file, runtime, searchPath: [] },
          { hasType: false, contract: attributes.contract ?? undefined, kinds: ["http"], environment: {} },
        )),
      log,
      metrics: createCellRecorder(createSharedNumbers(), () => {}),
      collectTotals: () => Promise.resolve([]),
      functionName: "test",
      functionNamespace: "default",
      eventTimeoutMs,
      startedAt: Date.now(),
    },
  );
  const port = Number(trigger.address?.split(":").at(-1));
  return { url: `http://127.0.0.1:${port}`, port, log, [Symbol.asyncDispose]: () => trigger.close() };
}

class MemoryLogger extends MemoryLog implements Logger {
  child(): this {
    return this;
  }
  isLevelEnabled(): boolean {
    return true;
  }
}
