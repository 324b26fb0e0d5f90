/**
 * How functions in Python run: each instance is a process of its own, a wrapper that takes one event at a time over a unix
 * socket. The pool hands each event to an idle one. Protocol: Nuclio's Python runtime.
 */
import type { EventCall } from "../event-function.ts";
import type { NuclioResult } from "../nuclio/result.ts";
import type { ConvertedEvent } from "../nuclio/to-nuclio-event.ts";

/** An event on its way to a handler. It is settled once, whatever happens to its process. */
export interface PendingEvent {
  readonly event: ConvertedEvent;
  readonly call: EventCall;
  resolve(result: NuclioResult): void;
  /** With an `EventError`. */
  reject(error: Error): void;
}

/** What every wrapper of a pool is started with. */
export interface WrapperCommand {
  /** Path of the interpreter. */
  readonly python: string;
  /** Path of the wrapper to use in place of our own; null: our own. */
  readonly foreignWrapper: string | null;
  /** What follows the script, but for the sockets and the id. */
  readonly options: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where the function is. */
  readonly functionDirectory: string;
  /** A wrapper that has not reported by then is given up. */
  readonly startDeadlineMs: number;
}

/** How a wrapper's process ended. */
export interface WrapperEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export function describeEnd({ code, signal }: WrapperEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
