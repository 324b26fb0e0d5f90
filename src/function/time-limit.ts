/** The longest time one event may take (`spec.eventTimeout`). */
import type { EventResult } from "../event/contract.ts";
import { EventError } from "../event/event-error.ts";

/** What Nuclio answers. */
export const timedOutAnswer: EventResult = {
  status: 408,
  headers: [["content-type", "application/json"]],
  body: Buffer.from('{"error": "handler timed out"}'),
};

/** Settles as `work` does, or rejects with `TIMED_OUT` after `ms`; what comes of `work` then is dropped. */
export function limitTime<T>(work: Promise<T>, ms: number, answer: EventResult): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    reject(new EventError("TIMED_OUT", `the function took longer than ${ms} ms (eventTimeout)`, answer));
  }, ms);
  work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
