/** How an answer of the processor went: fine, out of place, or bad in itself. */
import type { Verdict } from "./model.ts";

export type AnswerResult =
  | { readonly kind: "ok" }
  | { readonly kind: "spurious"; readonly text: string }
  | { readonly kind: "error"; readonly verdict: Verdict; readonly text: string };

export const OK: AnswerResult = { kind: "ok" };

export function spurious(text: string): AnswerResult {
  return { kind: "spurious", text };
}

export function answerError(verdict: Verdict, text: string): AnswerResult {
  return { kind: "error", verdict, text };
}
