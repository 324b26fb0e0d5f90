/**
 * A body phase taken as it comes: its ProcessingRequest is longer than a DATA frame. Where the body flows its parts are
 * used before the message has ended, without a copy; where it is wanted whole it is gathered apart from its message, so
 * that it is copied once and is nobody's view. What is not body is left as a small ProcessingRequest without it.
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

/**
 * Of what use its bytes are: gathered before they are looked at, used part by part before the message has ended, or
 * nothing, as they pass unchanged.
 */
export type BodyUse = "whole" | "parts" | "nothing";

export interface LongBodyOwner {
  /** The next bytes of the body, a view of what was received; more follow. */
  onBodyPart(phase: LongBody["phase"], bytes: Uint8Array): void;
  /** The message has come: as it would be without its body, and what of that was not given yet. */
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

/** Takes a body as it comes, of which the beginning was found. */
export class LongBodyParts implements MessageParts {
  readonly #body: LongBody;
  readonly #owner: LongBodyOwner;
  readonly #use: BodyUse;
  #begun = false;
  #missing: number;
  /** What the owner gets with the end: all of the body, or its last part. */
  #last = NOTHING;
  #rest: Uint8Array | null = null;
  #restFilled = 0;

  constructor(body: LongBody, owner: LongBodyOwner, use: BodyUse) {
    this.#body = body;
    this.#owner = owner;
    this.#use = use;
    this.#missing = body.bytes;
  }

  onPart(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    const isDone = this.#use !== "parts";
    const at = this.#begun ? start : this.#body.start;
    this.#begun = true;
    const stop = Math.min(end, at + this.#missing);
    if (stop > at) this.#take(bytes, at, stop);
    if (this.#missing > 0) return isDone;
    const rest = (this.#rest ??= this.#beginRest());
    gatherBytes(rest, this.#restFilled, bytes, stop, end, rest.length);
    this.#restFilled += end - stop;
    if (!isLast) return isDone;
    const last = this.#last;
    this.#last = NOTHING; // this object may outlive collections that take the body
    this.#owner.onBodyEnd(rest, last);
    return isDone;
  }

  #take(bytes: Uint8Array, at: number, stop: number): void {
    const { bytes: bodyBytes, phase } = this.#body;
    const taken = bodyBytes - this.#missing;
    this.#missing -= stop - at;
    if (this.#use === "whole") this.#last = gatherBytes(this.#last, taken, bytes, at, stop, bodyBytes);
    else if (this.#use === "parts") {
      const part = bytes.subarray(at, stop);
      if (this.#missing > 0) this.#owner.onBodyPart(phase, part);
      else this.#last = part;
    }
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
