/** A processor that serves a handler of test/python/functions over HTTP. */
import { join } from "node:path";
import { freePorts } from "../support/ports.ts";
import { type RunningProcessor, startProcessor } from "../support/processor.ts";

export interface ServeOptions {
  readonly numWorkers?: number;
  /** Fields of the trigger. */
  readonly trigger?: object;
  /** Fields of `spec`. */
  readonly spec?: object;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export type ServedPython = RunningProcessor & { readonly httpPort: number };

export async function servePython(handler: string, options: ServeOptions = {}): Promise<ServedPython> {
  const [httpPort = 0] = freePorts(1);
  const { numWorkers = 1, trigger, spec, env } = options;
  const front = { kind: "http", url: `127.0.0.1:${httpPort}`, numWorkers, ...trigger };
  const processor = await startProcessor({
    function: { file: handler },
    triggers: {},
    spec: { runtime: "python", triggers: { front }, ...spec },
    env: { NUCLIO_PYTHON_PATH: join(import.meta.dir, "functions"), ...env },
  });
  return Object.assign(processor, { httpPort });
}
