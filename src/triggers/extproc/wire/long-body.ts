/**
 * A body phase taken as it comes: its ProcessingRequest is larger than what one read brings. The body is gathered apart
 * from its message, so that it is copied once and is nobody's view, and can be used before the end of the message where
 * it flows. What is not body is left as a small ProcessingRequest without it.
 */
import type { MessageParts } from "../../../grpc/contract.ts";
import { gatherBytes } from "../../../grpc/arriving-bytes.ts";
import { WireReader } from "../../../protobuf/reader.ts";
import { varintBytes, WireWriter } from "../../../protobuf/writer.ts";
import { Phase } from "./processing-request.ts";

/** Where the body lies in a message of which the beginning has come. */
export interface LongBody {
  readonly phase: typeof Phase.REQUEST_BODY | typeof Phase.RESPONSE_BODY;
  /** Offset of its first byte. */
  readonly start: number;
  readonly bytes: number;
  /** Bytes of the message behind it, and how many of them belong to the phase. */
  readonly restBytes: number;
  readonly restOfPhaseBytes: number;
}

export interface LongBodyOwner {
  /** The next bytes of the body, in memory of their own; more follow. */
  onBodyPart(phase: LongBody["phase"], bytes: Uint8Array): void;
  /** The message has come: as it would be without its body, and the last bytes of that. */
  onBodyEnd(message: Uint8Array, bytes: Uint8Array): void;
}

/** Two tags of a byte each and two lengths: less than this is not looked at. */
const HEAD_BYTES = 12;
/** More than this behind the body is no message of a proxy. */
const REST_BYTES = 64 * 1024;

const NOTHING: Uint8Array = new Uint8Array(0);
const reader = new WireReader();
const writer = new WireWriter();

/** Finds the body when the message begins with it, as Envoy's do; else null. `messageBytes` is the length of all of it. */
export function findLongBody(bytes: Uint8Array, start: number, end: number, messageBytes: number): LongBody | null {
  if (end - start < HEAD_BYTES) return null;
  const phase = (bytes[start] ?? 0) >> 3;
  if (phase !== Phase.REQUEST_BODY && phase !== Phase.RESPONSE_BODY) return null;
  reader.reset(bytes, start, end);
  reader.tag();
  const phaseBytes = reader.uint32();
  const phaseEnd = reader.position + phaseBytes;
  if (reader.tag() !== 0x0a) return null;
  const bodyBytes = reader.uint32();
  const bodyEnd = reader.position + bodyBytes;
  const restBytes = start + messageBytes - bodyEnd;
  if (bodyEnd > phaseEnd || phaseEnd > start + messageBytes || restBytes > REST_BYTES) return null;
  return { phase, start: reader.position, bytes: bodyBytes, restBytes, restOfPhaseBytes: phaseEnd - bodyEnd };
}

/** Cuts a body into pieces of their own memory, so that the chunks it came in are not kept. */
export class LongBodyParts implements MessageParts {
  readonly #body: LongBody;
  readonly #owner: LongBodyOwner;
  readonly #pieceBytes: number;
  #begun = false;
  #missing: number;
  #piece = NOTHING;
  #filled = 0;
  #rest: Uint8Array | null = null;
  #restFilled = 0;

  /** `pieceBytes`: what the owner is given at once, all of the body if it is no longer; 0: nothing, it is passed over. */
  constructor(body: LongBody, owner: LongBodyOwner, pieceBytes: number) {
    this.#body = body;
    this.#owner = owner;
    this.#pieceBytes = pieceBytes;
    this.#missing = body.bytes;
  }

  onPart(bytes: Uint8Array, start: number, end: number, isLast: boolean): void {
    let at = this.#begun ? start : this.#body.start;
    this.#begun = true;
    while (at < end && this.#missing > 0) at = this.#fill(bytes, at, end);
    if (this.#missing > 0) return;
    const rest = (this.#rest ??= this.#beginRest());
    gatherBytes(rest, this.#restFilled, bytes, at, end, rest.length);
    this.#restFilled += end - at;
    if (!isLast) return;
    const piece = this.#piece;
    this.#piece = NOTHING; // this object may outlive collections that take the body
    this.#owner.onBodyEnd(rest, piece);
  }

  #fill(bytes: Uint8Array, at: number, end: number): number {
    if (this.#pieceBytes === 0) return this.#passOver(at, end);
    const filled = this.#filled;
    const pieceBytes = Math.min(this.#pieceBytes, filled + this.#missing);
    const stop = Math.min(end, at + pieceBytes - filled);
    const piece = gatherBytes(this.#piece, filled, bytes, at, stop, pieceBytes);
    this.#piece = piece;
    this.#filled += stop - at;
    this.#missing -= stop - at;
    if (this.#filled === pieceBytes && this.#missing > 0) {
      this.#piece = NOTHING;
      this.#filled = 0;
      this.#owner.onBodyPart(this.#body.phase, piece);
    }
    return stop;
  }

  #passOver(at: number, end: number): number {
    const stop = Math.min(end, at + this.#missing);
    this.#missing -= stop - at;
    return stop;
  }

  /** The phase with the fields behind its body, and room for what follows it. */
  #beginRest(): Uint8Array {
    const { phase, restBytes, restOfPhaseBytes } = this.#body;
    const headBytes = 1 + varintBytes(restOfPhaseBytes);
    const rest = new Uint8Array(headBytes + restBytes);
    writer.begin();
    writer.followedBy((phase << 3) | 2, restOfPhaseBytes);
    rest.set(writer.finish());
    this.#restFilled = headBytes;
    return rest;
  }
}
