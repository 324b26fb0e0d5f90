/** When the processor may stream a response in the upstream's place (`streamed_immediate_response`). */
import { type AnswerResult, answerError, spurious } from "./answer-result.ts";
import type { RequestPhase } from "./model.ts";
import type { EnvoySide } from "./side.ts";

/** Why such a response cannot begin with `part`; null when it can. */
export function refuseStart(part: RequestPhase, request: EnvoySide): AnswerResult | null {
  if (part.kind !== "headers") return spurious("a streamed immediate response without its headers");
  if (request.callback !== "headers") {
    return spurious("a streamed immediate response after the request headers were answered");
  }
  const status = part.fields.find(([name]) => name === ":status")?.[1];
  if (status === undefined || Number(status) < 200) {
    return answerError("mutationError", "a streamed immediate response without a valid :status");
  }
  const { bodyMode } = request;
  if (!part.endOfStream && bodyMode !== "NONE" && bodyMode !== "FULL_DUPLEX_STREAMED") {
    return answerError("spurious", `a streamed immediate response in request body mode ${bodyMode}`);
  }
  return null;
}

/** Why it cannot go on with `part`; null when it can. */
export function refuseContinuation(part: RequestPhase): AnswerResult | null {
  return part.kind === "headers" ? spurious("a second head of a streamed immediate response") : null;
}
