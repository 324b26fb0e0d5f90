/** A function ready for events, whatever its contract; every trigger that is no proxy calls this. */
import type { EventResult, FieldLines, FunctionEvent, TriggerInfo } from "../event/contract.ts";
import type { CollectTotals, MetricsRecorder } from "../telemetry/recorder.ts";
import type { FetchServer, FunctionLog, WebSocketHandlers } from "./contract.ts";
import type { FunctionOrigin } from "./loaded-function.ts";

export interface EventFunction {
  readonly origin: FunctionOrigin;
  /**
   * Rejects with an `EventError` only. Events may overlap; where instances are exclusive they wait for one. Settles when
   * the function does, not when `call.signal` aborts: a job gives it time to clean up.
   */
  invoke(event: FunctionEvent, call: EventCall): Promise<EventResult>;
  /** Null: the function speaks events only and the trigger reads the body first. */
  readonly web: WebFunction | null;
  /** Null: the trigger's own rules. */
  readonly surface: HttpSurface | null;
  /** Ends what the function holds beyond this thread. Nothing is in flight any more. */
  close(): Promise<void>;
}

/** One call. */
export interface EventCall {
  readonly log: FunctionLog;
  /** Aborts when nobody waits for the result any more; functions that can see it are shown it. */
  readonly signal: AbortSignal;
}

/** A function that takes requests as they come: bodies flow both ways. */
export interface WebFunction {
  /**
   * Throws or rejects with an `EventError` only. `request.signal` aborts when the client is gone. `undefined` is the
   * result of a request that was upgraded.
   */
  fetch(request: Request, server: FetchServer): Response | undefined | Promise<Response | undefined>;
  /** Null: it opens no WebSockets. */
  readonly websocket: WebSocketHandlers | null;
}

/** What a contract fixes about the HTTP server in front of its functions. */
export interface HttpSurface {
  /** Answers what is not the function's: health, metrics, CORS pre-flights. Null: the function's. */
  answer(request: Request): Response | Promise<Response> | null;
  /** Added to every response that does not have them. */
  readonly headers: FieldLines;
  readonly maxBodyBytes: number;
  /** To a body beyond `maxBodyBytes`. */
  bodyTooLarge(): Response;
}

/** What a trigger lends to the function it opens. */
export interface FunctionHost {
  readonly log: FunctionLog;
  readonly metrics: MetricsRecorder;
  readonly collectTotals: CollectTotals;
  readonly trigger: TriggerInfo;
  /** Index of the worker, as text. */
  readonly workerId: string;
  /** Instances asked for. JavaScript has one a thread; others bring up theirs here. */
  readonly numWorkers: number;
  readonly workerAvailabilityTimeoutMs: number;
  /** `workerTerminationTimeout`: how long an instance may take to end by itself. */
  readonly workerTerminationTimeoutMs: number;
  /** `spec.eventTimeout`; 0 = none. */
  readonly eventTimeoutMs: number;
  readonly functionName: string;
  readonly functionNamespace: string;
}
