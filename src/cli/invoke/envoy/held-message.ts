/**
 * What Envoy holds back of one direction's message while the processor is asked, and how it goes on: the headers, the body
 * collected behind them, the trailers.
 */
import { concat } from "./chunks.ts";
import type { EnvoyEvent, HeaderFields, Side } from "./model.ts";

/** Takes what Envoy does. */
export interface EventSink {
  emit(event: EnvoyEvent): void;
}

export class HeldMessage {
  readonly side: Side;
  fields: HeaderFields = [];
  /** The headers were sent to the processor and their map can still be changed. */
  mutable = false;
  /** The filter stopped the iteration: held parts wait for `continue`. */
  paused = false;
  headersForwarded = false;
  /** The headers end the message. */
  bodiless = false;
  /** All of the body has arrived: by its end or by trailers. */
  bodyComplete = false;
  /** The processor gave another body, which stands in `buffered`. */
  bodyReplaced = false;
  /** Body bytes that wait for the header answer or are collected; null: none. */
  buffered: Uint8Array[] | null = null;
  trailers: HeaderFields | null = null;
  /** The last part of the message has gone on. */
  finished = false;
  /** Something else took the message's place: nothing goes on. */
  abandoned = false;
  readonly #sink: EventSink;

  constructor(sink: EventSink, side: Side) {
    this.#sink = sink;
    this.side = side;
  }

  buffer(bytes: Uint8Array): void {
    (this.buffered ??= []).push(bytes);
  }

  get bufferedBytes(): Uint8Array {
    return concat(this.buffered ?? []);
  }

  withoutContentLength(): void {
    this.fields = this.fields.filter(([name]) => name !== "content-length");
  }

  /** Lets everything held go on. */
  continue(): void {
    if (!this.paused || this.abandoned) return;
    this.paused = false;
    const nothingFollows = this.bodiless && !this.bodyReplaced;
    this.forwardHeaders(nothingFollows);
    if (this.buffered !== null) {
      const bytes = concat(this.buffered);
      this.buffered = null;
      this.forwardBody(bytes, this.bodyComplete && this.trailers === null);
    }
    if (this.trailers !== null && !this.finished) {
      this.#sink.emit({ kind: "forward", side: this.side, part: { kind: "trailers", fields: this.trailers } });
      this.finished = true;
    }
  }

  /** A piece of the body goes on behind whatever is held. */
  passBody(bytes: Uint8Array, endOfStream: boolean): void {
    if (this.paused) this.continue();
    this.forwardBody(bytes, endOfStream);
  }

  forwardHeaders(endOfStream: boolean): void {
    if (this.headersForwarded) return;
    this.headersForwarded = true;
    this.mutable = false;
    const { side, fields } = this;
    this.#sink.emit({ kind: "forward", side, part: { kind: "headers", fields, endOfStream } });
    if (endOfStream) this.finished = true;
  }

  forwardBody(bytes: Uint8Array, endOfStream: boolean): void {
    this.forwardHeaders(false);
    if (bytes.length === 0 && !endOfStream) return;
    this.#sink.emit({ kind: "forward", side: this.side, part: { kind: "body", bytes, endOfStream } });
    if (endOfStream) this.finished = true;
  }

  abandon(): void {
    this.abandoned = true;
    this.finished = true;
    this.buffered = null;
  }
}
