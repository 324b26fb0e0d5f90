/** One call of a function that answers through an express-like response, within its time. */
import type { EventResult } from "../../event/contract.ts";
import { EventError, type EventErrorCode } from "../../event/event-error.ts";
import { describeFailure } from "../describe-failure.ts";
import type { EventCall } from "../event-function.ts";
import type { FunctionOrigin } from "../loaded-function.ts";
import { BusyTooLongError, callWithin, timeTakenMs } from "./call-within.ts";
import type { EventResponse } from "./response.ts";

/** What a contract says about calls. */
export interface CallRules {
  readonly origin: FunctionOrigin;
  /** 0 = none. */
  readonly timeoutMs: number;
  /** Answers with what the handler gave; not called when it has answered by itself. */
  finish(result: unknown, response: EventResponse): void;
  /** Answers in the place of a handler that failed. */
  answerFailure(error: unknown, response: EventResponse): void;
  answerTimeout(response: EventResponse): void;
  /** Once for each call, when its handler is done or its time is up. */
  ended(outcome: "done" | "failed" | "timed out", error: unknown): void;
}

/**
 * Resolves as soon as the response is known; a handler that answered may go on after that. Rejects with an `EventError`.
 * When nobody waits any more, request and response tell the handler by their event `close`.
 * A response that is streamed may not stand still for longer than the time of a call.
 */
export function runCall(
  handler: () => unknown,
  response: EventResponse,
  call: EventCall,
  rules: CallRules,
): Promise<EventResult> {
  return new Call(response, call, rules).run(handler);
}

class Call {
  readonly #response: EventResponse;
  readonly #call: EventCall;
  readonly #rules: CallRules;
  /** Why the answer is none of the function's own. */
  #problem: { readonly code: EventErrorCode; readonly message: string; readonly cause: unknown } | null = null;
  #isOver = false;
  /** `timeTakenMs` that was seen. */
  #takenMs = timeTakenMs();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(response: EventResponse, call: EventCall, rules: CallRules) {
    this.#response = response;
    this.#call = call;
    this.#rules = rules;
  }

  async run(handler: () => unknown): Promise<EventResult> {
    const startedAt = performance.now();
    this.#start(handler);
    const response = this.#response;
    // Most calls are over by now, and nothing of them has to be watched.
    const stopListening = response.headersSent && !response.isStreaming ? null : this.#watch(startedAt);
    try {
      return this.#judge(await response.sent.catch((error: unknown) => this.#refuse(error)));
    } finally {
      stopListening?.();
    }
  }

  /** The call's time, and whether somebody still waits for it. What it returns stops listening for the latter. */
  #watch(startedAt: number): () => void {
    const { signal } = this.#call;
    const { timeoutMs } = this.#rules;
    const leave = (): void => this.#leave();
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    if (timeoutMs > 0) {
      const restMs = Math.max(0, timeoutMs - (performance.now() - startedAt));
      this.#timer = setTimeout(() => this.#hearLast(), restMs);
      this.#response.on("close", () => {
        if (!this.#response.isStreaming && this.#response.headersSent) clearTimeout(this.#timer);
      });
    }
    return () => signal.removeEventListener("abort", leave);
  }

  #start(handler: () => unknown): void {
    try {
      const result = callWithin(this.#rules.timeoutMs, handler);
      if (isThenable(result)) {
        void Promise.resolve(result).then(
          (value) => this.#finish(value),
          (error: unknown) => this.#fail(error),
        );
      } else this.#finish(result);
    } catch (error) {
      if (error instanceof BusyTooLongError) this.#timeOut(error);
      else this.#fail(error);
    }
  }

  #finish(result: unknown): void {
    if (this.#isOver) return;
    try {
      if (!this.#response.writableEnded && !this.#response.destroyed) this.#rules.finish(result, this.#response);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#end("done", undefined);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end("failed", error);
    const { message } = describeFailure(error, this.#rules.origin);
    this.#give("HANDLER_FAILED", `Function failed to execute: ${message}`, error, () =>
      this.#rules.answerFailure(error, this.#response),
    );
  }

  /** Also when the handler is done and has not answered. */
  #timeOut(error: unknown): void {
    if (!this.#isOver) this.#end("timed out", error);
    const message = `the function took longer than the ${this.#rules.timeoutMs / 1000} s it may`;
    this.#give("TIMED_OUT", message, error, () => this.#rules.answerTimeout(this.#response));
  }

  /** Another call may have kept the thread busy: that time is given back, and what came meanwhile is heard before the judgement. */
  #hearLast(): void {
    const takenMs = timeTakenMs() - this.#takenMs;
    this.#takenMs += takenMs;
    if (takenMs > 0) this.#timer = setTimeout(() => this.#hearLast(), takenMs);
    else this.#timer = setTimeout(() => this.#checkTime(), LAST_HEARING_MS);
  }

  /** A stream that still moves is given more time. */
  #checkTime(): void {
    if (!this.#response.headersSent) {
      this.#timeOut(undefined);
      return;
    }
    if (!this.#response.isStreaming) return;
    const restMs = this.#rules.timeoutMs - this.#response.idleMs;
    if (restMs > 0) this.#timer = setTimeout(() => this.#checkTime(), restMs);
    else this.#response.destroy(new Error(`the response stood still for ${this.#rules.timeoutMs / 1000} s`));
  }

  /** Shown as Node shows it; what the function makes of it is its own business, within its time. */
  #leave(): void {
    this.#response.req.emit("aborted");
    this.#response.req.destroy();
    this.#response.emit("close");
  }

  /** What goes wrong once the client has its answer can only be told to the log. */
  #give(code: EventErrorCode, message: string, cause: unknown, answer: () => void): void {
    if (this.#response.headersSent || this.#response.destroyed) {
      const { file, line } = describeFailure(cause, this.#rules.origin);
      this.#call.log.error({ file, line }, `after its answer: ${message}`);
      this.#response.destroy();
      return;
    }
    this.#problem = { code, message, cause };
    answer();
  }

  #judge(result: EventResult): EventResult {
    if (this.#problem === null) return result;
    const { code, message, cause } = this.#problem;
    throw new EventError(code, message, result, { cause });
  }

  /** The function destroyed its response. */
  #refuse(error: unknown): never {
    const answer = { status: 500, headers: [], body: null };
    throw new EventError("HANDLER_FAILED", `Function failed to execute: ${String(error)}`, answer, { cause: error });
  }

  #end(outcome: "done" | "failed" | "timed out", error: unknown): void {
    this.#isOver = true;
    if (this.#response.headersSent && !this.#response.isStreaming) clearTimeout(this.#timer);
    this.#rules.ended(outcome, error);
  }
}

const LAST_HEARING_MS = 10;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
