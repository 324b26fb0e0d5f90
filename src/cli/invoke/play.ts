/** Plays one exchange: Envoy's model between a client and an upstream that are made up, and a real processor. */
import { decodeResponse } from "./decode-response.ts";
import { encodeRequest } from "./encode-request.ts";
import { openEnvoyExchange } from "./envoy/exchange.ts";
import type { EnvoyEvent, EnvoyExchange, Side } from "./envoy/model.ts";
import { type ExchangeRecord, Recorder, type Step } from "./record.ts";
import { type MessageScript, type Scenario, chunksOf, withLength } from "./scenario.ts";

/** A bidirectional stream to the processor. */
export interface ProcessorStream {
  write(message: Uint8Array): void;
  /** Half-closes and resets, as Envoy ends its streams. */
  close(): void;
}

export interface StreamHandlers {
  onMessage(bytes: Uint8Array): void;
  /** The status the processor ended the stream with, or one that stands for a lost connection. */
  onEnd(code: number, message: string): void;
}

export type OpenStream = (handlers: StreamHandlers) => ProcessorStream;

/**
 * Resolves when the client has its response, or when nothing moves any more for `scenario.envoy.messageTimeoutMs`.
 * @param onStep called with each message of either side as it passes.
 */
export function playExchange(
  scenario: Scenario,
  openStream: OpenStream,
  onStep: (step: Step) => void,
): Promise<ExchangeRecord> {
  return new Player(scenario, openStream, onStep).play();
}

class Player {
  readonly #scenario: Scenario;
  readonly #openStream: OpenStream;
  readonly #exchange: EnvoyExchange;
  readonly #record: Recorder;
  readonly #deadlines: Record<Side, number> = { request: Infinity, response: Infinity };
  #stream: ProcessorStream | null = null;
  /** Nothing moves any more. */
  #stuck = false;
  #wake: (() => void) | null = null;

  constructor(scenario: Scenario, openStream: OpenStream, onStep: (step: Step) => void) {
    this.#scenario = scenario;
    this.#openStream = openStream;
    this.#exchange = openEnvoyExchange(scenario.envoy);
    this.#record = new Recorder(onStep);
  }

  async play(): Promise<ExchangeRecord> {
    const { request } = this.#scenario;
    await this.#send("request", withLength(request));
    await this.#until(() => this.#exchange.finished("request"));
    if (!this.#over && this.#record.upstream.ended) {
      await this.#send("response", this.#upstreamResponse());
      await this.#until(() => this.#exchange.finished("response"));
    }
    await this.#until(() => false);
    this.#perform(this.#exchange.destroy());
    return this.#record;
  }

  /** The client has all it will get. */
  get #over(): boolean {
    return this.#stuck || this.#record.client.ended;
  }

  #upstreamResponse(): MessageScript {
    const { response } = this.#scenario;
    if (!("echo" in response)) return withLength(response);
    const { chunks, trailers } = this.#record.upstream;
    const type = this.#record.upstream.fields?.filter(
      ([name]) => name === "content-type" || name === "content-encoding",
    );
    const fields = [[":status", String(response.status)] as const, ...(type ?? []), ...response.fields];
    return withLength({ fields, body: Buffer.concat(chunks), trailers });
  }

  async #send(side: Side, { fields, body, trailers }: MessageScript): Promise<void> {
    const exchange = this.#exchange;
    this.#perform(exchange.headers(side, fields, body === null && trailers === null));
    if (!this.#sendsAhead(side)) await this.#until(() => exchange.outstanding(side) === 0);
    const chunks = body === null ? [] : chunksOf(body, this.#scenario.chunkBytes);
    for (const [index, chunk] of chunks.entries()) {
      await this.#until(() => exchange.reads(side));
      if (this.#over) return;
      this.#perform(exchange.body(side, chunk, trailers === null && index === chunks.length - 1));
    }
    if (trailers !== null && !this.#over) this.#perform(exchange.trailers(side, trailers));
  }

  /** The peer's body comes while the headers are unanswered; in the other modes they may be the only thing looked at. */
  #sendsAhead(side: Side): boolean {
    const { processingMode, sendBodyWithoutWaitingForHeaderResponse } = this.#scenario.envoy;
    const mode = side === "request" ? processingMode.requestBodyMode : processingMode.responseBodyMode;
    return mode === "FULL_DUPLEX_STREAMED" || (mode === "STREAMED" && sendBodyWithoutWaitingForHeaderResponse);
  }

  #perform(events: readonly EnvoyEvent[]): void {
    for (const event of events) {
      this.#record.take(event);
      if (event.kind === "close") this.#stream?.close();
      if (event.kind !== "send") continue;
      const { message } = event;
      this.#stream ??= this.#open();
      this.#stream.write(encodeRequest(message, this.#scenario.context));
      this.#deadlines[message.side] = Date.now() + (this.#exchange.timer(message.side) ?? Infinity);
    }
  }

  #open(): ProcessorStream {
    return this.#openStream({
      onMessage: (bytes) => this.#receive(bytes),
      onEnd: (code, message) => {
        if (!this.#exchange.streamOpen) return; // Envoy has closed it before: nobody looks
        this.#record.step({ kind: "status", code, message });
        this.#perform(this.#exchange.streamEnded(code, message));
        this.#wake?.();
      },
    });
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#exchange.streamOpen) return; // it crossed Envoy's reset on the way
    let response: ReturnType<typeof decodeResponse>;
    try {
      response = decodeResponse(bytes);
    } catch (error) {
      const text = `a message that is no ProcessingResponse: ${error instanceof Error ? error.message : String(error)}`;
      this.#perform(this.#exchange.streamEnded(13, text)); // INTERNAL, as Envoy's gRPC client has it
      this.#stream?.close();
      this.#wake?.();
      return;
    }
    this.#record.step({ kind: "received", response });
    const before = { request: this.#exchange.timer("request"), response: this.#exchange.timer("response") };
    this.#perform(this.#exchange.answer(response));
    for (const side of ["request", "response"] as const) {
      const timer = this.#exchange.timer(side);
      if (timer === null) this.#deadlines[side] = Infinity;
      else if (timer !== before[side] && response.overrideMessageTimeoutMs !== null) {
        this.#deadlines[side] = Date.now() + timer;
      }
    }
    this.#wake?.();
  }

  /** Waits until it holds, the client has its response, or time is up. */
  async #until(holds: () => boolean): Promise<void> {
    const idleMs = this.#scenario.envoy.messageTimeoutMs;
    let idleAt = Date.now() + idleMs;
    while (!holds() && !this.#over) {
      const deadline = Math.min(this.#deadlines.request, this.#deadlines.response, Math.max(idleAt, this.#timersEnd()));
      const moved = await this.#change(deadline - Date.now());
      if (moved) idleAt = Date.now() + idleMs;
      else if (!this.#expire()) return;
    }
  }

  /** Nothing is idle while a timer of Envoy runs. */
  #timersEnd(): number {
    const ends = [this.#deadlines.request, this.#deadlines.response].filter((end) => end !== Infinity);
    return ends.length === 0 ? 0 : Math.max(...ends) + 1;
  }

  /** False when no timer of Envoy has run out: it would wait on, for ever in full duplex. */
  #expire(): boolean {
    const now = Date.now();
    for (const side of ["request", "response"] as const) {
      if (this.#deadlines[side] > now) continue;
      this.#deadlines[side] = Infinity;
      this.#perform(this.#exchange.timerExpired(side));
      return true;
    }
    this.#stuck = true;
    const text = `nothing came for ${this.#scenario.envoy.messageTimeoutMs} ms; Envoy has no timer here and waits on`;
    this.#record.step({ kind: "verdict", verdict: "messageTimeout", text });
    return false;
  }

  /** True when something happened within that time. */
  #change(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (moved: boolean): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve(moved);
      };
      const timer = setTimeout(() => settle(false), Math.max(0, ms));
      this.#wake = () => settle(true);
    });
  }
}
