/** What Envoy lets an answer do to the header lines of one direction: the mutation, `content-length`, the route cache. */
import { type AnswerResult, answerError } from "./answer-result.ts";
import { type MutationOptions, applyHeaderMutation } from "./header-mutation.ts";
import type { CommonResponse, HeaderMutation } from "./model.ts";
import type { EnvoySide } from "./side.ts";

/** Changes the held headers; null when nothing is wrong. @param replaces the answer is CONTINUE_AND_REPLACE. */
export function changeHeaders(
  side: EnvoySide,
  mutation: HeaderMutation | null,
  replaces: boolean,
): AnswerResult | null {
  const { message, owner } = side;
  if (mutation === null) return null;
  if (!message.mutable) {
    if (mutation.set.length === 0 && mutation.remove.length === 0) return null;
    owner.verdict("ignored", "header_mutation after the headers went on");
    return null;
  }
  const outcome = applyHeaderMutation(message.fields, mutation, mutationOptions(side, replaces));
  if (outcome.error !== null) return answerError("mutationError", outcome.error);
  reportRejected(side, outcome.rejected);
  message.fields = outcome.fields;
  return null;
}

/** Changes the held trailers; null when nothing is wrong. */
export function changeTrailers(side: EnvoySide, mutation: HeaderMutation | null): AnswerResult | null {
  const { message } = side;
  if (mutation === null || message.trailers === null) return null;
  const outcome = applyHeaderMutation(message.trailers, mutation, mutationOptions(side, false));
  if (outcome.error !== null) return answerError("mutationError", outcome.error);
  reportRejected(side, outcome.rejected);
  message.trailers = outcome.fields;
  return null;
}

export function dropContentLength(side: EnvoySide): void {
  if (dropsContentLength(side)) side.message.withoutContentLength();
}

export function clearRouteCache({ side, owner }: EnvoySide, common: CommonResponse): void {
  if (!common.clearRouteCache) return;
  if (side === "response" || common.headerMutation === null) {
    owner.verdict("ignored", "clear_route_cache without a header mutation or for a response");
  } else owner.emit({ kind: "clearRouteCache" });
}

/** The length may change in every mode but NONE, and in BUFFERED it can be checked as long as the headers are at hand. */
function dropsContentLength(side: EnvoySide): boolean {
  if (side.bodyMode === "NONE") return false;
  return side.bodyMode !== "BUFFERED" || !side.sendsHeaders;
}

function mutationOptions(side: EnvoySide, replaces: boolean): MutationOptions {
  return { rules: side.owner.config.mutationRules, replaces, dropsContentLength: dropsContentLength(side) };
}

function reportRejected({ owner }: EnvoySide, rejected: readonly string[]): void {
  for (const text of rejected) owner.verdict("rejectedMutation", text);
}
