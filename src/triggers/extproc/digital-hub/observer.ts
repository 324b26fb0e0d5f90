/** The Digital Hub type that only looks: `observeprocessor`. */
import { ExchangeError } from "../../../function/errors.ts";
import type { NuclioFunction } from "../../../function/nuclio/open.ts";
import { collectResult } from "../../../function/nuclio/result.ts";
import { createDeadlines } from "../deadlines.ts";
import type { MessageCopy, Observer, ObserverEvents } from "./contract.ts";
import { createProcessingEvent } from "./event.ts";
import { comesWithBody, phaseOf } from "./processing-phase.ts";

export interface ObserverOptions {
  /** `processingOptions.bufferStreamedBodies` */
  readonly bufferStreamedBodies: boolean;
  /** Handlers that may run, or wait for their body, at a time. */
  readonly maxPending: number;
  /** From the headers' arrival until a handler counts as failed and no longer as pending. */
  readonly timeoutMs: number;
}

/** Nobody waits for an observer, so nobody gives up on it. */
const NEVER_ABORTED = new AbortController().signal;

/** Handlers run after the output of the pass that observed has been written; what they give is dropped. */
export function createObserver(handler: NuclioFunction, options: ObserverOptions, events: ObserverEvents): Observer {
  const pending = new Set<MessageCopy>();
  let idle: PromiseWithResolvers<void> | null = null;
  const deadlines = createDeadlines<MessageCopy>(options.timeoutMs, (copy) => {
    const error = new ExchangeError("TIMEOUT", `the observer took longer than ${options.timeoutMs} ms`);
    settle(copy, () => events.failed(error, copy));
  });

  async function call(copy: MessageCopy, arrivedAt: Date): Promise<void> {
    const withBody = comesWithBody(copy.bodyDelivery, options.bufferStreamedBodies);
    const event = createProcessingEvent({
      phase: phaseOf(copy.direction, withBody),
      method: copy.method,
      path: copy.path,
      headers: copy.headers,
      body: withBody ? await copy.bytes() : new Uint8Array(0),
      trigger: handler.trigger,
      timestamp: arrivedAt,
    });
    await collectResult(await handler.invoke(event, { log: copy.log, signal: NEVER_ABORTED }));
  }

  /** What comes after the time was up changes nothing any more. */
  function settle(copy: MessageCopy, report: () => void): void {
    if (!pending.delete(copy)) return;
    deadlines.remove(copy);
    report();
    if (pending.size === 0) {
      idle?.resolve();
      idle = null;
    }
  }

  return {
    get full() {
      return pending.size >= options.maxPending;
    },
    get pending() {
      return pending.size;
    },
    drop: () => events.dropped(),
    observe(copy) {
      if (pending.size >= options.maxPending) {
        events.dropped();
        return;
      }
      pending.add(copy);
      deadlines.add(copy);
      const arrivedAt = new Date();
      setImmediate(() => {
        call(copy, arrivedAt).then(
          () => settle(copy, () => {}),
          (error: unknown) => settle(copy, () => events.failed(error, copy)),
        );
      });
    },
    idle() {
      if (pending.size === 0) return Promise.resolve();
      return (idle ??= Promise.withResolvers()).promise;
    },
  };
}
