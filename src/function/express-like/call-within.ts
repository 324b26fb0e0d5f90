/** Calls a function that may never come back, e.g. one with an endless loop. */
import { Script } from "node:vm";

/** Thrown in the place of a call that kept its thread busy for too long. */
export class BusyTooLongError extends Error {
  override readonly name = "BusyTooLongError";
}

/**
 * Only what runs before the call returns is limited, so for an async function what comes before its first `await`.
 * Native code (a regular expression, a synchronous sleep) is not interrupted.
 * @param limitMs Of computing time; 0 = none.
 * @throws BusyTooLongError, or what the function throws
 */
export function callWithin<Result>(limitMs: number, call: () => Result): Result {
  if (limitMs === 0) return call();
  const outer = current;
  current = call;
  try {
    return script.runInThisContext({ timeout: Math.ceil(limitMs) }) as Result;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    takenMs += limitMs;
    throw new BusyTooLongError(`it kept its thread busy for ${limitMs} ms`);
  } finally {
    current = outer;
  }
}

let takenMs = 0;

/** Time of this thread, since it began, that went to calls which kept it too long: none of the others' fault. */
export function timeTakenMs(): number {
  return takenMs;
}

/** A time limit is for scripts only, and a script reaches but what is global. */
const SLOT = Symbol.for("digitalhub-processor.call");
const script = new Script(`globalThis[Symbol.for("${SLOT.description}")]()`);
let current: () => unknown = () => undefined;
Object.defineProperty(globalThis, SLOT, { value: () => current() });
