/** An exchange as frames that are made once: to play it only the stream identifier is written into a copy. */
import type { Workload } from "../workloads.ts";
import { encodeFrame, encodeUint32, Flag, FrameType, streamIdOffset } from "./frames.ts";
import { answerTag, proxyMessages } from "./proxy-messages.ts";
import { encodeRequestBlocks, envoyRequestFields } from "./request-block.ts";

/** Frames of one stream with a zero for its identifier. */
export interface FrameTemplate {
  readonly bytes: Uint8Array;
  /** Where the stream identifiers stand. */
  readonly idOffsets: readonly number[];
  /** Bytes that count against the peer's windows. */
  readonly flowControlled: number;
}

export interface ExchangeScript {
  /** Request headers and the first message; the variant of a connection's first request fills the dynamic table. */
  readonly firstOpening: FrameTemplate;
  readonly opening: FrameTemplate;
  /** The second message and those after it. */
  readonly following: readonly FrameTemplate[];
  /** After the last answer: an empty DATA frame with END_STREAM, then RST_STREAM, as Envoy ends every stream. */
  readonly closing: FrameTemplate;
  /** After the server ended the call first: RST_STREAM alone. */
  readonly closingAfterServer: FrameTemplate;
  /** An end of the call without any answer is what the workload asks for. */
  readonly endsUnanswered: boolean;
  /** First byte of the answer expected to each message. */
  readonly answerTags: Uint8Array;
}

/** Error codes of RFC 9113 section 7, as Envoy uses them here. */
const noError = 0x0;
const internalError = 0x2;

export function writeScript(workload: Workload): ExchangeScript {
  const blocks = encodeRequestBlocks(envoyRequestFields);
  const data = proxyMessages(workload).map((message) => encodeFrame(FrameType.DATA, 0, 0, prefixed(message)));
  const [first, ...rest] = data;
  if (first === undefined) throw new Error(`the workload ${workload.name} has no phase`);
  const endOfStream = encodeFrame(FrameType.DATA, Flag.END_STREAM, 0, new Uint8Array(0));
  return {
    firstOpening: joinFrames([encodeFrame(FrameType.HEADERS, Flag.END_HEADERS, 0, blocks.first), first]),
    opening: joinFrames([encodeFrame(FrameType.HEADERS, Flag.END_HEADERS, 0, blocks.later), first]),
    following: rest.map((frame) => joinFrames([frame])),
    closing: joinFrames([endOfStream, encodeFrame(FrameType.RST_STREAM, 0, 0, encodeUint32(internalError))]),
    closingAfterServer: joinFrames([encodeFrame(FrameType.RST_STREAM, 0, 0, encodeUint32(noError))]),
    endsUnanswered: workload.endsUnanswered === true,
    answerTags: Uint8Array.from(workload.phases.map((phase) => answerTag[phase])),
  };
}

/** A gRPC message: not compressed, length in four bytes. */
function prefixed(message: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(0), encodeUint32(message.length), message]);
}

function joinFrames(frames: readonly Buffer[]): FrameTemplate {
  const idOffsets: number[] = [];
  let length = 0;
  let flowControlled = 0;
  for (const frame of frames) {
    idOffsets.push(length + streamIdOffset);
    length += frame.length;
    if (frame[3] === FrameType.DATA) flowControlled += frame.readUIntBE(0, 3);
  }
  return { bytes: Buffer.concat(frames), idOffsets, flowControlled };
}
