/** How long an answer may be due: `timeout`, and once for each what the proxy is asked for beyond it. */
import { BodyMode } from "./body-mode.ts";
import type { Direction } from "./direction.ts";
import type { ExtprocAttributes } from "./attributes.ts";

/** Share of `timeout` after which more time is asked for. */
const EXTEND_AT = 0.8;
/** Where Envoy has no timer of its own and none is configured: duplex. */
const UNTIMED_MS = 60_000;

export type DeadlineVerdict =
  | { readonly kind: "wait" }
  /** The proxy is to be asked for that much time. */
  | { readonly kind: "extend"; readonly ms: number }
  | { readonly kind: "overdue"; readonly limitMs: number };

const WAIT: DeadlineVerdict = { kind: "wait" };

export class AnswerDeadline {
  readonly #settings: ExtprocAttributes;
  /** Since when the answer was due for which more time was asked. */
  #extended: number | null = null;

  constructor(settings: ExtprocAttributes) {
    this.#settings = settings;
  }

  /** What is to be done at `now` about the answer that `direction` owes. */
  check({ mode, dueSince }: Direction, now: number): DeadlineVerdict {
    const duplex = mode === BodyMode.FULL_DUPLEX_STREAMED;
    const timeoutMs = this.#settings.timeoutMs ?? (duplex ? UNTIMED_MS : null);
    if (timeoutMs === null) return WAIT;
    const waited = now - dueSince;
    const extendMs = duplex ? null : this.#settings.extendTimeoutMs;
    if (extendMs === null) return waited < timeoutMs ? WAIT : { kind: "overdue", limitMs: timeoutMs };
    if (this.#extended !== dueSince) {
      if (waited < timeoutMs * EXTEND_AT) return WAIT;
      this.#extended = dueSince;
      return { kind: "extend", ms: extendMs };
    }
    const limitMs = timeoutMs * EXTEND_AT + extendMs;
    return waited < limitMs ? WAIT : { kind: "overdue", limitMs };
  }
}
