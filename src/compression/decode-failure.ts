/** Failures of decoding: the limits of one body, and what the coders' errors mean. */
import { CodingError, type DecodeLimits } from "./contract.ts";
import type { CodingName } from "./content-encoding.ts";

const RATIO_FREE_BYTES = 1_048_576;

/** How much a body may become; the received bytes count as they come. */
export class DecodeBudget {
  received = 0;
  readonly #limits: DecodeLimits;

  constructor(limits: DecodeLimits) {
    this.#limits = limits;
  }

  /** In bytes; holds for the output of every coding. */
  get allowed(): number {
    return Math.min(this.#limits.maxBytes, this.#byRatio);
  }

  tooLarge(coding: CodingName): CodingError {
    const { maxBytes, maxExpansionRatio } = this.#limits;
    const limit = maxBytes <= this.#byRatio ? `${maxBytes} bytes` : `${maxExpansionRatio} times what was sent`;
    return new CodingError("too-large", `the body decoded of ${coding} is larger than ${limit}`);
  }

  get #byRatio(): number {
    return Math.max(RATIO_FREE_BYTES, this.received * this.#limits.maxExpansionRatio);
  }
}

export function truncated(coding: CodingName): CodingError {
  return new CodingError("truncated", `the body ends before its ${coding} coding does`);
}

export function trailingData(coding: CodingName): CodingError {
  return new CodingError("trailing-data", `bytes follow the end of the ${coding} coding`);
}

/** An error of a coder, typed. */
export function asCodingError(error: unknown, coding: CodingName, budget: DecodeBudget): CodingError {
  if (error instanceof CodingError) return error;
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ERR_BUFFER_TOO_LARGE") return budget.tooLarge(coding);
  if (code === "Z_BUF_ERROR") return truncated(coding);
  const reason = error instanceof Error ? error.message : String(error);
  return new CodingError("undecodable", `the body is not valid ${coding}: ${reason}`, { cause: error });
}
