/** Calls a function for triggers that answer nobody: the result is read whole, its outcome goes to the log. */
import type { EventResult, FunctionEvent } from "../event/contract.ts";
import type { EventMetrics } from "../event/event-metrics.ts";
import { describeFailure } from "../function/describe-failure.ts";
import type { EventCall, EventFunction } from "../function/event-function.ts";
import type { RunResult } from "./contract.ts";

export interface PlannedEnding {
  /** A status of 200 to 299. */
  readonly succeeded: boolean;
  /** For the log: status and the beginning of the body, or the error and where the function threw it. */
  readonly text: string;
  /** Null when the function gave none. */
  readonly result: RunResult | null;
}

/** Never rejects. */
export async function callPlanned(
  opened: EventFunction,
  event: FunctionEvent,
  call: EventCall,
  metrics: EventMetrics,
): Promise<PlannedEnding> {
  const startedAt = performance.now();
  const ending = await readEnding(opened, event, call);
  metrics.ended(ending.result !== null && ending.result.status < 500, performance.now() - startedAt);
  return ending;
}

async function readEnding(opened: EventFunction, event: FunctionEvent, call: EventCall): Promise<PlannedEnding> {
  try {
    const { status, headers, body } = await opened.invoke(event, call);
    const result = { status, headers, body: await readBody(body) };
    return { succeeded: status >= 200 && status <= 299, text: describeResult(result), result };
  } catch (error) {
    return { succeeded: false, text: describeError(error, opened), result: null };
  }
}

/** A copy: it is handed over to another thread. */
async function readBody(body: EventResult["body"]): Promise<Uint8Array<ArrayBuffer>> {
  if (body instanceof ReadableStream) return new Uint8Array(await new Response(body).arrayBuffer());
  return body === null ? new Uint8Array() : new Uint8Array(body);
}

const shownCharacters = 200;

function describeResult({ status, body }: RunResult): string {
  if (body.byteLength === 0) return String(status);
  const text = new TextDecoder().decode(body.subarray(0, 4 * shownCharacters), { stream: true });
  if (/[^\P{Cc}\n\r\t]|\ufffd/u.test(text)) return `${status}, ${body.byteLength} bytes`;
  const line = text.trim().replace(/\s+/g, " ");
  return `${status}, ${line.length > shownCharacters ? `${line.slice(0, shownCharacters)}…` : line}`;
}

function describeError(error: unknown, { origin }: EventFunction): string {
  const { message } = describeFailure(error, origin);
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause === undefined) return message;
  const failure = describeFailure(cause, origin);
  const place = failure.file === null ? origin.file : `${failure.file}:${failure.line}:${failure.column}`;
  return `${failure.message} (${place})`;
}
