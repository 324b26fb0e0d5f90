/** What is said over the event socket of one wrapper: an event goes out, lines come back until it is answered. */
import type { FunctionLog } from "../contract.ts";
import type { Channel } from "./channel.ts";
import type { PendingEvent } from "./contract.ts";
import { encodeEvent } from "./encode-event.ts";
import { badEvent, badResult, handlerRaised } from "./failures.ts";
import { readResult, toNuclioResult } from "./result.ts";
import { StreamedBody } from "./streamed-body.ts";
import { writeRecord } from "./wrapper-log.ts";

export interface ConversationHost {
  readonly log: FunctionLog;
  readonly workerId: string;
  /** Where the function is. */
  readonly functionDirectory: string;
  /** The wrapper is ready. */
  started(): void;
  /** An event has been answered; its result is handed on afterwards. */
  free(): void;
  /** A record of its log, before anything else is done with it. */
  record(json: string): void;
  /** Nobody reads what the handler streams any more, and nothing else makes it stop. */
  abandoned(): void;
}

const STARTED = 0x73; // s
const LOG = 0x6c; // l
const DURATION = 0x6d; // m
const RESULT = 0x72; // r
const STREAM = 0x63; // c
const CHUNK = 0x62; // b
const STREAM_END = 0x65; // e

export class Conversation {
  readonly #channel: Channel;
  readonly #host: ConversationHost;
  #current: PendingEvent | null = null;
  #stream: StreamedBody | null = null;
  /** The handler has returned: what follows is no exception of its own. */
  #returned = false;
  /** Bytes the wrapper had taken before its event. */
  #takenBefore = 0;

  constructor(channel: Channel, host: ConversationHost) {
    this.#channel = channel;
    this.#host = host;
  }

  /** The event being handled. */
  get current(): PendingEvent | null {
    return this.#current;
  }

  /** Nothing of the current event has reached the wrapper. */
  get untouched(): boolean {
    return this.#channel.taken === this.#takenBefore;
  }

  /** Nothing may be in it. False when the wrapper is gone and has not seen the event. */
  handle(pending: PendingEvent): boolean {
    if (!this.#channel.open) return false;
    let encoded;
    try {
      encoded = encodeEvent(pending.event);
    } catch (error) {
      this.#settle(() => pending.reject(badEvent(error)));
      return true;
    }
    this.#current = pending;
    this.#returned = false;
    this.#takenBefore = this.#channel.taken;
    this.#channel.write(encoded.head, true);
    if (encoded.body !== null) this.#channel.write(encoded.body, false);
    return true;
  }

  /** The wrapper will not answer any more. */
  fail(reason: Error): void {
    this.#current?.reject(reason);
    this.#stream?.fail(reason);
    this.#current = null;
    this.#stream = null;
  }

  hear(line: Buffer): void {
    switch (line[0]) {
      case RESULT:
        return this.#answer(line.toString("utf8", 1));
      case DURATION:
        this.#returned = true;
        return;
      case LOG:
        return this.#record(line.toString("utf8", 1));
      case STREAM:
        return this.#beginStream(line.toString("utf8", 1));
      case CHUNK:
        return this.#stream?.push(Buffer.from(line.toString("latin1", 1), "base64"));
      case STREAM_END:
        return this.#endStream();
      case STARTED:
        return this.#host.started();
      default:
        this.#warn("an unknown line of a wrapper", { line: line.toString("utf8", 0, 200) });
    }
  }

  #answer(json: string): void {
    const pending = this.#current;
    if (pending === null) return this.#warn("a wrapper answered though nothing was asked");
    const stream = this.#stream;
    const reject = (error: Error): void => (stream === null ? pending.reject(error) : stream.fail(error));
    try {
      const wire = readResult(json);
      const raised = wire.status === 500 && !this.#returned;
      if (raised || stream !== null) {
        this.#settle(() => reject(handlerRaised(wire.body, this.#host.functionDirectory)));
        return;
      }
      const result = toNuclioResult(wire);
      this.#settle(() => pending.resolve(result));
    } catch (error) {
      this.#settle(() => reject(badResult(error)));
    }
  }

  #beginStream(json: string): void {
    const pending = this.#current;
    if (pending === null) return this.#warn("a wrapper answered though nothing was asked");
    const stream = new StreamedBody(this.#channel, () => this.#host.abandoned());
    this.#stream = stream;
    try {
      const result = toNuclioResult(readResult(json));
      if (result.body instanceof Uint8Array) stream.push(result.body);
      pending.resolve({ ...result, body: stream.readable });
    } catch (error) {
      pending.reject(badResult(error));
    }
  }

  #endStream(): void {
    const stream = this.#stream;
    if (stream !== null) this.#settle(() => stream.end());
  }

  /** The next event first: Python works on it while the result goes on. */
  #settle(report: () => void): void {
    this.#current = null;
    this.#stream = null;
    this.#host.free();
    report();
  }

  #record(json: string): void {
    this.#host.record(json);
    writeRecord(this.#current?.call.log ?? this.#host.log, json);
  }

  #warn(message: string, fields: object = {}): void {
    this.#host.log.warn({ worker_id: this.#host.workerId, ...fields }, message);
  }
}
