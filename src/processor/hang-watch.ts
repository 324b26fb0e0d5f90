/** Notices a thread whose event loop has stopped turning. */
import { ControlWord } from "../worker/contract.ts";

export interface HangWatch {
  /** Longest silence from now on. */
  setLimit(limitMs: number): void;
  stop(): void;
}

/** How often a worker gives a sign of life so that a silence of `hangTimeoutMs` is noticed soon after. */
export function chooseBeatInterval(hangTimeoutMs: number): number {
  return Math.min(100, Math.max(10, Math.floor(hangTimeoutMs / 10)));
}

/** Calls `onSilence` once, after the thread gave no sign of life for the limit, at most two beats late. */
export function watchBeats(
  control: Int32Array<SharedArrayBuffer>,
  intervalMs: number,
  limitMs: number,
  onSilence: (silentMs: number) => void,
): HangWatch {
  let limit = limitMs;
  let beats = Atomics.load(control, ControlWord.beats);
  let silentMs = 0;
  let checkedAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    // When this thread was held up too (a stopped process, a throttled container), that time proves nothing.
    silentMs += Math.min(now - checkedAt, 2 * intervalMs);
    checkedAt = now;
    const seen = Atomics.load(control, ControlWord.beats);
    if (seen !== beats) {
      beats = seen;
      silentMs = 0;
    } else if (silentMs >= limit) {
      clearInterval(timer);
      onSilence(silentMs);
    }
  }, intervalMs);
  return {
    setLimit(next) {
      limit = next;
      silentMs = 0;
    },
    stop: () => clearInterval(timer),
  };
}
