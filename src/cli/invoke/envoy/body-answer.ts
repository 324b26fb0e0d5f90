/** What the answer to a body or a chunk of it does, by what was sent: the whole body, its first part, a chunk, or a duplex stream. */
import { type AnswerResult, OK, answerError, spurious } from "./answer-result.ts";
import { joinChunks } from "./chunks.ts";
import { changeHeaders, clearRouteCache } from "./header-rules.ts";
import type { BodyMutation, CommonResponse } from "./model.ts";
import { mutatedBody } from "./mutated-body.ts";
import type { EnvoySide } from "./side.ts";

export function bodyAnswered(side: EnvoySide, common: CommonResponse): AnswerResult {
  switch (side.callback) {
    case "bufferedBody":
      return bufferedAnswered(side, common);
    case "partialBody":
      return partialAnswered(side, common);
    case "streamedBody":
      return side.bodyMode === "FULL_DUPLEX_STREAMED" ? duplexAnswered(side, common) : chunkAnswered(side, common);
    case "idle":
    case "headers":
    case "trailers":
      return spurious(`a body answer while waiting for ${side.waitsFor}`);
  }
}

function bufferedAnswered(side: EnvoySide, common: CommonResponse): AnswerResult {
  const { message } = side;
  const failure = changeHeaders(side, common.headerMutation, false);
  if (failure !== null) return failure;
  const { bodyMutation } = common;
  if (bodyMutation !== null) {
    const mismatch = lengthMismatch(side, bodyMutation);
    if (mismatch !== null) return mismatch;
    message.buffered = [mutatedBody(bodyMutation, message.bufferedBytes)];
  }
  clearRouteCache(side, common);
  side.awaitNext("idle");
  finishBody(side, true);
  return OK;
}

function lengthMismatch({ message }: EnvoySide, mutation: BodyMutation): AnswerResult | null {
  const length = message.fields.find(([name]) => name === "content-length")?.[1];
  const given = mutation.kind === "body" ? mutation.bytes.length : 0;
  if (!message.mutable || length === undefined || Number(length) === given) return null;
  return answerError(
    "contentLengthMismatch",
    `mismatch between content length and the length of the mutated body (${length}, ${given})`,
  );
}

function partialAnswered(side: EnvoySide, common: CommonResponse): AnswerResult {
  const { message } = side;
  const [first, ...rest] = side.queue;
  if (first === undefined) return spurious("a body answer without a body");
  const failure = changeHeaders(side, common.headerMutation, false);
  if (failure !== null) return failure;
  clearRouteCache(side, common);
  side.queue = [];
  side.awaitNext("idle");
  side.partialAnswered = true;
  const bytes = common.bodyMutation === null ? first.bytes : mutatedBody(common.bodyMutation, first.bytes);
  if (bytes.length > 0 || first.endOfStream) message.forwardBody(bytes, first.endOfStream);
  if (rest.length > 0) {
    const later = joinChunks(rest);
    message.forwardBody(later.bytes, later.endOfStream);
  }
  finishBody(side, true);
  return OK;
}

function chunkAnswered(side: EnvoySide, common: CommonResponse): AnswerResult {
  const { bodyMutation } = common;
  if (bodyMutation?.kind === "streamed") return spurious("streamed_response outside FULL_DUPLEX_STREAMED");
  if (common.headerMutation !== null) side.owner.verdict("ignored", "header_mutation in the answer to a chunk");
  const chunk = side.queue.shift();
  if (chunk === undefined) return spurious("a body answer without an unanswered chunk");
  clearRouteCache(side, common);
  const bytes = bodyMutation === null ? chunk.bytes : mutatedBody(bodyMutation, chunk.bytes);
  side.awaitNext(side.queue.length === 0 ? "idle" : "streamedBody");
  side.message.forwardBody(bytes, chunk.endOfStream);
  finishBody(side, chunk.endOfStream);
  return OK;
}

function duplexAnswered(side: EnvoySide, common: CommonResponse): AnswerResult {
  const { message, owner } = side;
  if (common.bodyMutation?.kind !== "streamed") {
    return spurious("a body answer without streamed_response in FULL_DUPLEX_STREAMED");
  }
  if (common.headerMutation !== null) owner.verdict("ignored", "header_mutation in a streamed body answer");
  const { bytes, endOfStream } = common.bodyMutation;
  if (side.streamedEnd) owner.verdict("brokenEnd", "body bytes after the end of the body");
  if (endOfStream && (!message.bodyComplete || message.trailers !== null)) {
    owner.verdict("brokenEnd", "an end of the body that is not the message's");
  }
  side.awaitNext(endOfStream ? "idle" : "streamedBody");
  side.streamedEnd ||= endOfStream;
  message.forwardBody(bytes, endOfStream);
  finishBody(side, endOfStream);
  return OK;
}

/** Sends the trailers that wait behind the body, or lets the message go on. @param goOn its body has gone. */
function finishBody(side: EnvoySide, goOn: boolean): void {
  const { message } = side;
  message.mutable = false;
  const trailersNext = message.trailers !== null && side.queue.length === 0;
  if (side.sendsTrailers && trailersNext) side.sendTrailers();
  else if (goOn || trailersNext) message.continue();
}
