/** An answer of the processor to what one direction sent. */
import { type AnswerResult, OK, spurious } from "./answer-result.ts";
import { bodyAnswered } from "./body-answer.ts";
import { headersAnswered } from "./header-answer.ts";
import type { ProcessorAnswer, Side } from "./model.ts";
import type { CallbackState, EnvoySide } from "./side.ts";
import { trailersAnswered } from "./trailer-answer.ts";

export type SideAnswer = Extract<ProcessorAnswer, { readonly side: Side }>;

/** What the answers to an abandoned direction may still be for. */
const sent: Readonly<Record<SideAnswer["kind"], readonly CallbackState[]>> = {
  headers: ["headers"],
  body: ["bufferedBody", "partialBody", "streamedBody"],
  trailers: ["trailers"],
};

export function takeAnswer(side: EnvoySide, answer: SideAnswer): AnswerResult {
  if (side.message.abandoned) return takeUnused(side, answer.kind);
  switch (answer.kind) {
    case "headers":
      return headersAnswered(side, answer.common);
    case "body":
      return bodyAnswered(side, answer.common);
    case "trailers":
      return trailersAnswered(side, answer.mutation);
  }
}

function takeUnused(side: EnvoySide, kind: SideAnswer["kind"]): AnswerResult {
  if (!sent[kind].includes(side.callback)) return spurious(`an answer while waiting for ${side.waitsFor}`);
  if (side.callback !== "streamedBody") side.callback = "idle";
  return OK;
}
