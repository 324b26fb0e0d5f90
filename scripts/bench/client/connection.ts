/**
 * One HTTP/2 connection that plays the same exchange on several streams at a time, each followed by the next.
 * It does per message what a client must and no more, so that the server is what is measured: frames come from
 * templates, answers are counted and known by their first byte, header blocks are not decoded.
 * It ends streams as Envoy does, keeps to the connection's window (an exchange is smaller than any stream's initial
 * one) and gives its own back.
 */
import type { Socket } from "bun";
import {
  connectionPreface,
  encodeFrame,
  encodeSettings,
  encodeUint32,
  Flag,
  frameHeaderBytes,
  FrameType,
  Setting,
} from "./frames.ts";
import { OutputQueue } from "./output-queue.ts";
import type { ExchangeScript, FrameTemplate } from "./script.ts";

export interface ConnectionEvents {
  /** A whole answer of this length arrived in its place. */
  answered(bytes: number): void;
  /** All answers arrived, or the server ended the call after at least one (or none, where the workload says so). */
  completed(): void;
  /** Reset by the server, refused, answered wrongly, or lost with its connection. */
  failed(): void;
  /** The connection is gone; what was in flight has been reported as failed. */
  closed(): void;
}

const defaultWindow = 65_535; // RFC 9113 section 6.9.2
const streamWindow = 16 * 1024 * 1024;
const connectionWindow = 24 * 1024 * 1024;
const grpcPrefixBytes = 5;
/** Streams are looked up by the low bits of their number; far more than are open at a time. */
const lookupSize = 1 << 14;

export class ExchangeConnection {
  readonly #script: ExchangeScript;
  readonly #events: ConnectionEvents;
  readonly #output = new OutputQueue();
  readonly #slots: Slot[];
  readonly #slotByStream: (Slot | undefined)[] = Array.from({ length: lookupSize }, () => undefined);
  /** Slots with an answer in this read pass: a server that ended the call together with it is sent nothing more. */
  readonly #answered: Slot[] = [];
  /** Slots whose next frames wait for the connection's window. */
  readonly #held: { readonly slot: Slot; readonly template: FrameTemplate }[] = [];
  #socket: Socket | null = null;
  #tail: Buffer | null = null;
  #nextStreamId = 1;
  #sendWindow = defaultWindow;
  #unreturned = 0;
  #goingAway = false;

  constructor(script: ExchangeScript, streams: number, events: ConnectionEvents) {
    this.#script = script;
    this.#events = events;
    this.#slots = Array.from({ length: streams }, () => new Slot());
  }

  /** Rejects when nobody listens. */
  async open(port: number): Promise<void> {
    await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => this.#begin(socket),
        data: (_, chunk) => this.#read(chunk),
        drain: (socket) => this.#output.flush(socket),
        close: () => this.#end(),
        error: () => this.#end(),
      },
    });
  }

  /** Ends the connection without counting what is in flight. */
  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.end();
  }

  #begin(socket: Socket): void {
    this.#socket = socket;
    const settings = encodeSettings([
      [Setting.ENABLE_PUSH, 0],
      [Setting.INITIAL_WINDOW_SIZE, streamWindow],
    ]);
    this.#output.append(connectionPreface);
    this.#output.append(encodeFrame(FrameType.SETTINGS, 0, 0, settings));
    this.#giveBack(connectionWindow - defaultWindow);
    for (const slot of this.#slots) this.#send(slot, this.#script.opening);
    this.#output.flush(socket);
  }

  #end(): void {
    if (this.#socket === null) return;
    this.#socket = null;
    for (const slot of this.#slots) if (slot.streamId !== 0) this.#events.failed();
    this.#events.closed();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#tail === null ? chunk : Buffer.concat([this.#tail, chunk]);
    let position = 0;
    while (bytes.length - position >= frameHeaderBytes) {
      const end = position + frameHeaderBytes + bytes.readUIntBE(position, 3);
      if (end > bytes.length) break;
      this.#onFrame(bytes, position, end);
      position = end;
    }
    this.#tail = position === bytes.length ? null : bytes.subarray(position);
    this.#goOn();
    if (this.#socket !== null) this.#output.flush(this.#socket);
  }

  #onFrame(bytes: Buffer, start: number, end: number): void {
    const type = bytes.readUInt8(start + 3);
    const flags = bytes.readUInt8(start + 4);
    const streamId = bytes.readUInt32BE(start + 5);
    const payload = start + frameHeaderBytes;
    switch (type) {
      case FrameType.DATA:
        this.#onData(streamId, bytes, payload, end);
        if ((flags & Flag.END_STREAM) !== 0) this.#onServerEnd(streamId);
        break;
      case FrameType.HEADERS:
        if ((flags & Flag.END_STREAM) !== 0) this.#onServerEnd(streamId);
        break;
      case FrameType.RST_STREAM:
        this.#fail(this.#slotOf(streamId));
        break;
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) === 0)
          this.#output.append(encodeFrame(FrameType.SETTINGS, Flag.ACK, 0, new Uint8Array(0)));
        break;
      case FrameType.PING:
        if ((flags & Flag.ACK) === 0) {
          this.#output.append(encodeFrame(FrameType.PING, Flag.ACK, 0, bytes.subarray(payload, end)));
        }
        break;
      case FrameType.WINDOW_UPDATE:
        if (streamId === 0) this.#onWindow(bytes.readUInt32BE(payload));
        break;
      case FrameType.GOAWAY:
        this.#onGoaway(bytes.readUInt32BE(payload));
        break;
      default: // nothing else asks anything of a client
    }
  }

  #onData(streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#unreturned += end - start;
    if (this.#unreturned > connectionWindow / 2) {
      this.#giveBack(this.#unreturned);
      this.#unreturned = 0;
    }
    const slot = this.#slotOf(streamId);
    let position = start;
    // A wrong answer or the last one frees the slot; what follows on the stream is of no interest then.
    while (slot !== undefined && slot.streamId === streamId && position < end) {
      position = slot.take(bytes, position, end);
      if (slot.atFirstByte && position < end && bytes[position] !== this.#script.answerTags[slot.answers]) {
        return this.#fail(slot);
      }
      if (slot.messageComplete) this.#onAnswer(slot);
    }
  }

  #onAnswer(slot: Slot): void {
    this.#events.answered(slot.messageBytes);
    slot.nextMessage();
    if (slot.answers < this.#script.answerTags.length) {
      this.#answered.push(slot);
      return;
    }
    this.#output.appendFrames(this.#script.closing, slot.streamId);
    this.#complete(slot);
  }

  /** Sends the next message of every exchange that was answered in this pass and is not over. */
  #goOn(): void {
    for (const slot of this.#answered) {
      const next = this.#script.following[slot.answers - 1];
      if (next !== undefined) this.#send(slot, next);
    }
    this.#answered.length = 0;
  }

  #onServerEnd(streamId: number): void {
    const slot = this.#slotOf(streamId);
    if (slot === undefined) return;
    this.#output.appendFrames(this.#script.closingAfterServer, streamId);
    if (slot.answers > 0 || this.#script.endsUnanswered) this.#complete(slot);
    else this.#fail(slot);
  }

  #complete(slot: Slot): void {
    this.#events.completed();
    this.#restart(slot);
  }

  #fail(slot: Slot | undefined): void {
    if (slot === undefined) return;
    this.#events.failed();
    this.#restart(slot);
  }

  #restart(slot: Slot): void {
    this.#slotByStream[lookupIndex(slot.streamId)] = undefined;
    slot.streamId = 0;
    if (!this.#goingAway) this.#send(slot, this.#script.opening);
    else if (this.#slots.every(({ streamId }) => streamId === 0)) this.#socket?.end();
  }

  /** The server takes no streams beyond `lastStreamId`; the others go on until they end (RFC 9113 section 6.8). */
  #onGoaway(lastStreamId: number): void {
    this.#goingAway = true;
    for (const slot of this.#slots) if (slot.streamId > lastStreamId) this.#fail(slot);
  }

  #onWindow(increment: number): void {
    this.#sendWindow += increment;
    for (const { slot, template } of this.#held.splice(0)) this.#send(slot, template);
  }

  #send(slot: Slot, template: FrameTemplate): void {
    if (template.flowControlled > this.#sendWindow) {
      this.#held.push({ slot, template });
      return;
    }
    this.#sendWindow -= template.flowControlled;
    if (template !== this.#script.opening) return this.#output.appendFrames(template, slot.streamId);
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    slot.begin(streamId);
    this.#slotByStream[lookupIndex(streamId)] = slot;
    this.#output.appendFrames(streamId === 1 ? this.#script.firstOpening : template, streamId);
  }

  #slotOf(streamId: number): Slot | undefined {
    const slot = this.#slotByStream[lookupIndex(streamId)];
    return slot?.streamId === streamId ? slot : undefined;
  }

  #giveBack(bytes: number): void {
    this.#output.append(encodeFrame(FrameType.WINDOW_UPDATE, 0, 0, encodeUint32(bytes)));
  }
}

/** One exchange at a time: how far it is, and the answer that is arriving. */
class Slot {
  /** 0 = no exchange. */
  streamId = 0;
  /** Whole answers so far. */
  answers = 0;
  messageBytes = 0;
  #prefixSeen = 0;
  #received = 0;

  get atFirstByte(): boolean {
    return this.#prefixSeen === grpcPrefixBytes && this.#received === 0;
  }

  get messageComplete(): boolean {
    return this.#prefixSeen === grpcPrefixBytes && this.#received === this.messageBytes;
  }

  begin(streamId: number): void {
    this.streamId = streamId;
    this.answers = 0;
    this.messageBytes = 0;
    this.#prefixSeen = 0;
    this.#received = 0;
  }

  nextMessage(): void {
    this.answers++;
    this.messageBytes = 0;
    this.#prefixSeen = 0;
    this.#received = 0;
  }

  /** Takes the prefix, or as much of the message as there is. Returns where it stopped. */
  take(bytes: Buffer, start: number, end: number): number {
    if (this.#prefixSeen === grpcPrefixBytes) {
      const taken = Math.min(end - start, this.messageBytes - this.#received);
      this.#received += taken;
      return start + taken;
    }
    let position = start;
    while (position < end && this.#prefixSeen < grpcPrefixBytes) {
      if (this.#prefixSeen > 0) this.messageBytes = this.messageBytes * 256 + (bytes[position] ?? 0);
      this.#prefixSeen++;
      position++;
    }
    return position;
  }
}

function lookupIndex(streamId: number): number {
  return (streamId >>> 1) & (lookupSize - 1);
}
