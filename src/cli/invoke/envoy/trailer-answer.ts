/** What the answer to trailers does: it changes them and lets the message go on. */
import { type AnswerResult, OK, spurious } from "./answer-result.ts";
import { changeTrailers } from "./header-rules.ts";
import type { HeaderMutation } from "./model.ts";
import type { EnvoySide } from "./side.ts";

export function trailersAnswered(side: EnvoySide, mutation: HeaderMutation | null): AnswerResult {
  const { message } = side;
  const duplex = side.bodyMode === "FULL_DUPLEX_STREAMED";
  if (side.callback !== "trailers" && !duplex) return spurious(`a trailer answer while waiting for ${side.waitsFor}`);
  if (duplex && (side.callback === "headers" || message.trailers === null || side.streamedEnd)) {
    side.owner.verdict(
      "brokenEnd",
      "a trailer answer before the headers were answered, without trailers or after the end of the body",
    );
  }
  const failure = changeTrailers(side, mutation);
  if (failure !== null) return failure;
  side.awaitNext("idle");
  message.continue();
  return OK;
}
