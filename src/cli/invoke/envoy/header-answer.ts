/** What the answer to headers does: it changes them, replaces the message, or lets it go on with what came behind them. */
import { type AnswerResult, OK, spurious } from "./answer-result.ts";
import { concat } from "./chunks.ts";
import { changeHeaders, clearRouteCache } from "./header-rules.ts";
import type { BodyMutation, CommonResponse } from "./model.ts";
import { mutatedBody } from "./mutated-body.ts";
import type { CallbackState, EnvoySide } from "./side.ts";

export function headersAnswered(side: EnvoySide, common: CommonResponse): AnswerResult {
  if (side.callback !== "headers") return spurious(`a header answer while waiting for ${side.waitsFor}`);
  const replaces = common.status === "CONTINUE_AND_REPLACE";
  const failure = changeHeaders(side, common.headerMutation, replaces);
  if (failure !== null) return failure;
  clearRouteCache(side, common);
  if (replaces) {
    replaceMessage(side, common.bodyMutation);
    return OK;
  }
  if (common.bodyMutation !== null) {
    side.owner.verdict("ignored", "body_mutation in a header answer without CONTINUE_AND_REPLACE");
  }
  side.awaitNext(afterHeaders(side));
  goOn(side);
  return OK;
}

/** Nothing more of this direction is sent to the processor. */
function replaceMessage(side: EnvoySide, mutation: BodyMutation | null): void {
  const { message } = side;
  if (mutation !== null) {
    message.withoutContentLength();
    message.bodyReplaced = true;
    message.bodiless = false;
    message.buffered = [mutatedBody(mutation, message.bufferedBytes)];
  } else if (side.queue.length > 0 || (side.bodyMode === "FULL_DUPLEX_STREAMED" && side.bodyReceived)) {
    side.owner.verdict("lostBytes", "CONTINUE_AND_REPLACE threw away chunks that had been sent");
  }
  side.queue = [];
  side.awaitNext("idle");
  side.bodyMode = "NONE";
  side.sendsTrailers = false;
  message.mutable = false;
  message.continue();
}

/** What the direction waits for next: chunks and trailers may have been sent meanwhile. */
function afterHeaders(side: EnvoySide): CallbackState {
  if (side.bodyMode === "STREAMED" && side.sendsAhead && side.queue.length > 0) return "streamedBody";
  if (side.bodyMode !== "FULL_DUPLEX_STREAMED") return "idle";
  if (side.bodyReceived) return "streamedBody";
  return side.message.trailers === null ? "idle" : "trailers";
}

function goOn(side: EnvoySide): void {
  const { message } = side;
  if (message.bodiless || side.bodyMode === "NONE") return finishHeaders(side);
  if (side.bodyMode === "FULL_DUPLEX_STREAMED" && !message.bodyComplete) return unpark(side);
  if (message.bodyComplete) {
    if (side.callback !== "idle") return; // the answers to what was sent let it go on
    // The whole body came before the header answer: one message in every mode, answered like a BUFFERED one.
    if (message.buffered !== null) return side.sendBuffered(message.trailers === null);
    return finishHeaders(side);
  }
  if (side.bodyMode === "BUFFERED") return;
  const bytes = message.buffered === null ? null : concat(message.buffered);
  message.buffered = null;
  if (bytes !== null) side.queue.push({ bytes, endOfStream: false });
  if (side.bodyMode === "STREAMED") {
    if (bytes !== null) side.sendChunk(bytes, false);
    return unpark(side);
  }
  if (side.isQueueOverLimit) side.sendPartial(false);
}

function finishHeaders(side: EnvoySide): void {
  const { message } = side;
  if (side.sendsTrailers && message.trailers !== null) return side.sendTrailers();
  message.mutable = false;
  message.continue();
}

/** 1.40 keeps headers back until the first body answer. */
function unpark({ owner, message }: EnvoySide): void {
  if (owner.config.version !== "1.40") message.continue();
}
