/**
 * What a peer may cost us before its connection ends with ENHANCE_YOUR_CALM. Each budget is a bucket: a charge fills it,
 * time drains it, useful work drains it too, so that what is normal in proportion to work never adds up.
 */

interface BudgetRule {
  /** How this budget is named in logs and metrics. */
  readonly name: string;
  /** Charges in one burst. */
  readonly burst: number;
  /** Charges per second that may go on for ever. */
  readonly perSecond: number;
}

export const Budget = {
  /** Streams the peer opened and reset before it sent any body or its end (CVE-2023-44487). */
  RAPID_RESET: 0,
  /** Streams we had to reset because of what the peer did (CVE-2025-8671). */
  PEER_MISTAKES: 1,
  /** PINGs we acknowledge (CVE-2019-9512). */
  PING: 2,
  /** SETTINGS we acknowledge (CVE-2019-9515). */
  SETTINGS: 3,
  /** PRIORITY and frames of unknown types: no use to us (CVE-2019-9513). */
  IGNORED_FRAMES: 4,
  /** DATA without a byte of body and without END_STREAM (CVE-2019-9518). */
  EMPTY_DATA: 5,
  /** Windows opened in tiny steps (CVE-2019-9511). */
  WINDOW_UPDATE: 6,
  /** RST_STREAM for streams that have ended already (CVE-2019-9514). */
  LATE_FRAMES: 7,
  /** Streams beyond SETTINGS_MAX_CONCURRENT_STREAMS; a busy peer opens many before it knows our limit. */
  REFUSED_STREAMS: 8,
} as const;
export type Budget = (typeof Budget)[keyof typeof Budget];

const RULES: readonly BudgetRule[] = [
  { name: "rapid reset", burst: 1_000, perSecond: 100 },
  { name: "peer mistakes", burst: 200, perSecond: 20 },
  { name: "ping flood", burst: 1_000, perSecond: 100 },
  { name: "settings flood", burst: 100, perSecond: 10 },
  { name: "ignored frames", burst: 2_000, perSecond: 100 },
  { name: "empty data", burst: 200, perSecond: 20 },
  { name: "window update flood", burst: 10_000, perSecond: 1_000 },
  { name: "late frames", burst: 2_000, perSecond: 100 },
  { name: "refused streams", burst: 10_000, perSecond: 100 },
];

/** The most frames a header block may come in, whatever their size (CONTINUATION flood, CVE-2024-27316). */
export const MAX_HEADER_FRAMES = 64;
/** Names of the limits that need no bucket: one violation is enough. */
export const CONTINUATION_FLOOD = "continuation flood";
/** HPACK bomb (CVE-2016-6581); the cap is enforced by the decoder. */
export const HEADER_BOMB = "header bomb";

export function budgetName(budget: Budget): string {
  return RULES[budget]?.name ?? "";
}

export class AbuseBudgets {
  readonly #levels: Float64Array = new Float64Array(RULES.length);
  readonly #bursts: Float64Array = Float64Array.from(RULES, (rule) => rule.burst);

  /** Counts one event. True when the budget is spent. */
  charge(budget: Budget): boolean {
    const level = (this.#levels[budget] as number) + 1;
    this.#levels[budget] = level;
    return level > (this.#bursts[budget] as number);
  }

  /** Gives back for work the peer let us do. */
  refund(budget: Budget, charges: number): void {
    const level = this.#levels[budget] as number;
    if (level > 0) this.#levels[budget] = level > charges ? level - charges : 0;
  }

  /** Lets time drain the buckets. */
  elapse(milliseconds: number): void {
    for (let budget = 0; budget < RULES.length; budget++) {
      const drained = ((RULES[budget] as BudgetRule).perSecond * milliseconds) / 1000;
      this.#levels[budget] = Math.max(0, (this.#levels[budget] as number) - drained);
    }
  }
}
