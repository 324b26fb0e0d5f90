/** Calls an opened event function the way triggers do, and brings what comes of it into one comparable form. */
import type { EventResult, FunctionEvent } from "../event/contract.ts";
import { EventError, type EventErrorCode } from "../event/event-error.ts";
import { createCellRecorder, createSharedNumbers } from "../telemetry/cells.ts";
import { createMetricTotals } from "../telemetry/totals.ts";
import type { EventFunction, FunctionHost } from "./event-function.ts";
import { MemoryLog } from "./memory-log.test-support.ts";

export type EventChange = Partial<Omit<FunctionEvent, "headers" | "body">> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

/** A POST to `/` unless changed; `content-length` is that of the body, when there is one. */
export function makeEvent({ headers = {}, body, ...change }: EventChange = {}): FunctionEvent {
  const bytes = typeof body === "string" ? Buffer.from(body) : (body ?? new Uint8Array(0));
  const length = body === undefined ? {} : { "content-length": String(bytes.byteLength) };
  return {
    id: "1",
    trigger: { kind: "http", name: "api" },
    timestamp: new Date(0),
    method: body === undefined ? "GET" : "POST",
    path: "/",
    query: "",
    url: "http://function.example:8080/",
    ...change,
    headers: Object.entries({ host: "function.example:8080", ...length, ...headers }),
    body: bytes,
  };
}

/** A result with its body as text; `error` is the code of the `EventError` it came as. */
export interface Outcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly error?: EventErrorCode;
}

/** `headers` joins lines of one name with ", ". */
export async function callFunction(
  opened: EventFunction,
  change: EventChange = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  try {
    return await outcomeOf(await opened.invoke(makeEvent(change), { log: new MemoryLog(), signal }));
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    return { ...(await outcomeOf(error.answer)), error: error.code };
  }
}

async function outcomeOf({ status, headers, body }: EventResult): Promise<Outcome> {
  const text = body === null ? "" : await new Response(body as ReadableStream<Uint8Array>).text();
  const joined: Record<string, string> = {};
  for (const [name, value] of headers) joined[name] = joined[name] === undefined ? value : `${joined[name]}, ${value}`;
  return { status, headers: joined, body: text };
}

export interface TestHost extends FunctionHost {
  readonly log: MemoryLog;
}

/** The host of one thread; what it counts is collected by itself. */
export function makeHost(change: Partial<FunctionHost> = {}): TestHost {
  const totals = createMetricTotals();
  const numbers = createSharedNumbers();
  const source = totals.addSource(numbers);
  const metrics = createCellRecorder(numbers, (place) => source.addSeries(place));
  return {
    metrics,
    async collectTotals(names) {
      metrics.publish();
      return totals.collect().filter(({ definition }) => names.includes(definition.name));
    },
    trigger: { kind: "http", name: "api" },
    workerId: "0",
    numWorkers: 1,
    workerAvailabilityTimeoutMs: 10_000,
    workerTerminationTimeoutMs: 10_000,
    eventTimeoutMs: 0,
    functionName: "test",
    functionNamespace: "default",
    ...change,
    log: new MemoryLog(),
  };
}
