/**
 * envoy.service.ext_proc.v3.ProcessingResponse, encoded with the 5-byte gRPC prefix in front, ready to be sent. Large bodies
 * are not copied: they are the end of their message, whose other fields come before them.
 * Header values travel as `raw_value` only and carry both `append`, which Envoy reads, and the matching `append_action`,
 * which other data planes read.
 */
import type { ChangedLine, HeaderChanges } from "../../../function/header-list.ts";
import type { Frames } from "../../../grpc/contract.ts";
import { WireWriter } from "../../../protobuf/writer.ts";
import type { BodyMode } from "../body-mode.ts";
import { Phase } from "./processing-request.ts";

/** Bytes in one piece or several. */
export type BodyBytes = Uint8Array | readonly Uint8Array[];

/** CommonResponse of a headers or body answer. */
export interface CommonAnswer {
  /** CONTINUE_AND_REPLACE: `body` replaces the message's whole body; without one the rest of the direction is not sent to us. */
  readonly replace: boolean;
  readonly changes: HeaderChanges | null;
  /** New body: of the message with `replace` or in a buffered body phase, of the chunk in a streamed one. Empty clears it. */
  readonly body: BodyBytes | null;
  readonly clearRouteCache: boolean;
}

/** `mode_override`: both body modes are taken literally, everything else stays as configured. */
export interface ModeOverride {
  readonly requestBodyMode: BodyMode;
  readonly responseBodyMode: BodyMode;
}

/** Members of an answer beside its `oneof`. */
export interface AnswerExtras {
  readonly modeOverride: ModeOverride | null;
  /** A serialised Struct: namespace to object. */
  readonly dynamicMetadata: Uint8Array | null;
}

export interface ImmediateAnswer {
  readonly status: number;
  readonly headers: readonly ChangedLine[];
  readonly body: Uint8Array;
  /** Null: Envoy maps the HTTP status for gRPC clients. */
  readonly grpcStatus: number | null;
  /** RESPONSE_CODE_DETAILS. */
  readonly details: string;
}

const PREFIX_BYTES = 5;
/** Up to this size a copy costs less than what is sent apart. */
const COPIED_BYTES = 512;

const writer = new WireWriter();

/** Answers that change nothing, by phase: constant bytes. */
const UNCHANGED: Readonly<Record<number, Uint8Array>> = {
  [Phase.REQUEST_HEADERS]: frame([0x0a, 0]),
  [Phase.RESPONSE_HEADERS]: frame([0x12, 0]),
  [Phase.REQUEST_BODY]: frame([0x1a, 0]),
  [Phase.RESPONSE_BODY]: frame([0x22, 0]),
  [Phase.REQUEST_TRAILERS]: frame([0x2a, 0]),
  [Phase.RESPONSE_TRAILERS]: frame([0x32, 0]),
};

/** Answers that take the rest of the direction out of the exchange: CONTINUE_AND_REPLACE without a body. */
const OPTED_OUT: Readonly<Record<number, Uint8Array>> = {
  [Phase.REQUEST_HEADERS]: frame([0x0a, 4, 0x0a, 2, 0x08, 1]),
  [Phase.RESPONSE_HEADERS]: frame([0x12, 4, 0x0a, 2, 0x08, 1]),
};

/** Field of `oneof response` that answers a phase, as tag; it is not the field the phase came in. */
function answerTag(phase: Phase): number {
  switch (phase) {
    case Phase.REQUEST_HEADERS:
      return 0x0a;
    case Phase.RESPONSE_HEADERS:
      return 0x12;
    case Phase.REQUEST_BODY:
      return 0x1a;
    case Phase.RESPONSE_BODY:
      return 0x22;
    case Phase.REQUEST_TRAILERS:
      return 0x2a;
    case Phase.RESPONSE_TRAILERS:
      return 0x32;
    case Phase.NONE:
      throw new RangeError("only a phase can be answered");
  }
}

/** "Continue, unchanged." The bytes are shared: never write to them. */
export function unchangedAnswer(phase: Phase): Uint8Array {
  return UNCHANGED[phase] ?? frame([answerTag(phase), 0]);
}

/** "Continue, and send nothing more of this direction." Only for the phases of headers. */
export function optOutAnswer(phase: Phase): Uint8Array {
  return OPTED_OUT[phase] ?? unchangedAnswer(phase);
}

/** The answer to a headers or body phase. */
export function encodeCommonAnswer(phase: Phase, answer: CommonAnswer, extras: AnswerExtras | null): Frames {
  const body = answer.body === null ? null : simplify(answer.body);
  const bodyBytes = body === null ? 0 : bytesOf(body);
  writer.begin(PREFIX_BYTES);
  if (extras !== null) writeExtras(extras);
  const outer = writer.open(answerTag(phase), bodyBytes);
  const common = writer.open(0x0a, bodyBytes);
  if (answer.replace) writer.uint32(0x08, 1);
  if (answer.changes !== null) writeHeaderMutation(0x12, answer.changes);
  if (answer.clearRouteCache) writer.bool(0x28, true);
  if (body !== null) {
    const mutation = writer.open(0x1a, bodyBytes + 8);
    if (bodyBytes === 0) writer.bool(0x10, true);
    else writeBody(0x0a, body);
    writer.close(mutation);
  }
  writer.close(common);
  writer.close(outer);
  return finishWith(body);
}

/** The answer to a duplex body phase: bytes to send on, any number of them per chunk received. */
export function encodeStreamedBody(
  phase: Phase,
  body: Uint8Array,
  endOfStream: boolean,
  extras: AnswerExtras | null,
): Frames {
  writer.begin(PREFIX_BYTES);
  if (extras !== null) writeExtras(extras);
  const outer = writer.open(answerTag(phase), body.length + 24);
  const common = writer.open(0x0a, body.length + 20);
  const mutation = writer.open(0x1a, body.length + 12);
  const streamed = writer.open(0x1a, body.length + 8);
  if (endOfStream) writer.bool(0x10, true);
  writeBody(0x0a, body);
  writer.close(streamed);
  writer.close(mutation);
  writer.close(common);
  writer.close(outer);
  return finishWith(body);
}

export function encodeTrailersAnswer(
  phase: Phase,
  changes: HeaderChanges | null,
  extras: AnswerExtras | null,
): Uint8Array {
  writer.begin(PREFIX_BYTES);
  const outer = writer.open(answerTag(phase));
  if (changes !== null) writeHeaderMutation(0x0a, changes);
  writer.close(outer);
  if (extras !== null) writeExtras(extras);
  return finish();
}

export function encodeImmediateAnswer(answer: ImmediateAnswer, extras: AnswerExtras | null): Uint8Array {
  writer.begin(PREFIX_BYTES);
  const outer = writer.open(0x3a, answer.body.length);
  const status = writer.open(0x0a);
  writer.uint32(0x08, answer.status);
  writer.close(status);
  if (answer.headers.length > 0) writeHeaderMutation(0x12, { removed: [], set: answer.headers });
  if (answer.body.length > 0) writer.bytes(0x1a, answer.body);
  if (answer.grpcStatus !== null) {
    const grpc = writer.open(0x22);
    writer.uint32(0x08, answer.grpcStatus);
    writer.close(grpc);
  }
  if (answer.details !== "") writer.string(0x2a, answer.details);
  writer.close(outer);
  if (extras !== null) writeExtras(extras);
  return finish();
}

/** Begins a StreamedImmediateResponse: `lines` must not hold pseudo headers. */
export function encodeStreamedAnswerHead(
  status: number,
  lines: readonly ChangedLine[],
  endOfStream: boolean,
  extras: AnswerExtras | null,
): Uint8Array {
  writer.begin(PREFIX_BYTES);
  const outer = writer.open(0x5a);
  const headers = writer.open(0x0a);
  const map = writer.open(0x0a);
  writeHeaderValue(":status", String(status));
  for (const { name, value } of lines) writeHeaderValue(name, value);
  writer.close(map);
  if (endOfStream) writer.bool(0x18, true);
  writer.close(headers);
  writer.close(outer);
  if (extras !== null) writeExtras(extras);
  return finish();
}

/** A piece of a StreamedImmediateResponse's body. */
export function encodeStreamedAnswerBody(body: Uint8Array, endOfStream: boolean): Frames {
  writer.begin(PREFIX_BYTES);
  const outer = writer.open(0x5a, body.length + 16);
  const streamed = writer.open(0x12, body.length + 8);
  if (endOfStream) writer.bool(0x10, true);
  writeBody(0x0a, body);
  writer.close(streamed);
  writer.close(outer);
  return finishWith(body);
}

/** Asks for more time: Envoy ignores every other member of such a message. */
export function encodeTimeoutOverride(ms: number): Uint8Array {
  writer.begin(PREFIX_BYTES);
  const duration = writer.open(0x52);
  const seconds = Math.floor(ms / 1000);
  if (seconds > 0) writer.int64(0x08, seconds);
  const nanos = Math.round((ms - seconds * 1000) * 1_000_000);
  if (nanos > 0) writer.int32(0x10, nanos);
  writer.close(duration);
  return finish();
}

function writeHeaderMutation(tag: number, changes: HeaderChanges): void {
  const mutation = writer.open(tag);
  for (const line of changes.set) {
    const option = writer.open(0x0a);
    writeHeaderValue(line.name, line.value);
    if (line.append) {
      const append = writer.open(0x12);
      writer.bool(0x08, true);
      writer.close(append);
    } else {
      writer.empty(0x12);
      writer.uint32(0x18, 2); // OVERWRITE_IF_EXISTS_OR_ADD; APPEND_IF_EXISTS_OR_ADD is the default
    }
    writer.close(option);
  }
  for (const name of changes.removed) writer.latin1(0x12, name);
  writer.close(mutation);
}

function writeHeaderValue(name: string, value: string): void {
  const header = writer.open(0x0a);
  writer.latin1(0x0a, name);
  writer.latin1(0x1a, value);
  writer.close(header);
}

function writeExtras(extras: AnswerExtras): void {
  if (extras.dynamicMetadata !== null) writer.bytes(0x42, extras.dynamicMetadata);
  if (extras.modeOverride !== null) {
    const mode = writer.open(0x4a);
    writer.uint32(0x18, extras.modeOverride.requestBodyMode);
    writer.uint32(0x20, extras.modeOverride.responseBodyMode);
    writer.close(mode);
  }
}

/** Writes a body as the last field of its message, or only what announces it; an empty one is left out. */
function writeBody(tag: number, body: BodyBytes): void {
  if (!(body instanceof Uint8Array)) writer.followedBy(tag, bytesOf(body));
  else if (body.length > COPIED_BYTES) writer.followedBy(tag, body.length);
  else if (body.length > 0) writer.bytes(tag, body);
}

/** In one piece what is one, or small enough to be copied; pieces that are left are sent as they are. */
function simplify(body: BodyBytes): BodyBytes {
  if (body instanceof Uint8Array) return body;
  const [first] = body;
  if (body.length === 1 && first !== undefined) return first;
  return bytesOf(body) > COPIED_BYTES ? body : Buffer.concat(body);
}

function bytesOf(body: BodyBytes): number {
  return body instanceof Uint8Array ? body.length : body.reduce((bytes, piece) => bytes + piece.length, 0);
}

/** What `writeBody` wrote, with the body itself where it was only announced. */
function finishWith(body: BodyBytes | null): Frames {
  const head = finish();
  const isWritten = body === null || (body instanceof Uint8Array && body.length <= COPIED_BYTES);
  return isWritten ? head : { head, body };
}

/** Puts the gRPC prefix in front: not compressed, length in network order. */
function finish(): Uint8Array {
  const length = writer.length - PREFIX_BYTES;
  const framed = writer.finish();
  framed[1] = length >>> 24;
  framed[2] = length >>> 16;
  framed[3] = length >>> 8;
  framed[4] = length;
  return framed;
}

function frame(message: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, message.length, ...message]);
}
