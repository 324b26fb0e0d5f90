/**
 * Envoy's ext_proc filter on one exchange: its stream to the processor, what errors and ends do to both directions, and
 * the answers that are Envoy's own. Source: `ext_proc/ext_proc.cc`.
 */
import { type AnswerResult, OK, answerError, spurious } from "./answer-result.ts";
import { bodyArrived, headersArrived, trailersArrived } from "./arrivals.ts";
import { type LocalReply, localReply, payloadTooLarge } from "./local-reply.ts";
import type {
  EnvoyConfig,
  EnvoyEvent,
  EnvoyExchange,
  HeaderFields,
  ProcessorAnswer,
  ProcessorResponse,
  RequestPhase,
  Side,
  Verdict,
} from "./model.ts";
import { overrideModes, overrideTimeout } from "./overrides.ts";
import { EnvoySide, type SideOwner } from "./side.ts";
import { type SideAnswer, takeAnswer } from "./side-answer.ts";
import { refuseContinuation, refuseStart } from "./streamed-immediate.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
/** Envoy's status for a failed match of gRPC messages and lost connections is an error like any other code. */
const GRPC_OK = 0;

export function openEnvoyExchange(config: EnvoyConfig): EnvoyExchange {
  return new Filter(config);
}

class Filter implements EnvoyExchange, SideOwner {
  readonly config: EnvoyConfig;
  /** No answer is awaited any more: both directions pass. The filter says it of itself, whoever ended the stream. */
  processingComplete = false;
  streamOpen = false;
  readonly #request: EnvoySide;
  readonly #response: EnvoySide;
  #events: EnvoyEvent[] = [];
  #streamOpened = false;
  #destroyed = false;
  /** The processor streams the response itself. */
  #streamedImmediate = false;

  constructor(config: EnvoyConfig) {
    this.config = config;
    this.#request = new EnvoySide(this, "request");
    this.#response = new EnvoySide(this, "response");
  }

  headers(side: Side, fields: HeaderFields, endOfStream: boolean): readonly EnvoyEvent[] {
    return this.#collect(() => {
      const direction = this.#side(side);
      if (this.#observes(direction.sendsHeaders, side, { kind: "headers", fields, endOfStream })) return;
      headersArrived(direction, fields, endOfStream);
      // A response nobody processes ends processing, from 1.37 on even with request chunks unanswered.
      if (side === "response" && direction.unprocessed && this.#closesEarly) this.#closeAfterLast("response");
    });
  }

  body(side: Side, bytes: Uint8Array, endOfStream: boolean): readonly EnvoyEvent[] {
    return this.#collect(() => {
      const direction = this.#side(side);
      if (this.#observes(direction.bodyMode === "STREAMED", side, { kind: "body", bytes, endOfStream })) return;
      if (this.#streamedImmediate && side === "request") this.#restOfRequest({ kind: "body", bytes, endOfStream });
      else bodyArrived(direction, bytes, endOfStream);
    });
  }

  trailers(side: Side, fields: HeaderFields): readonly EnvoyEvent[] {
    return this.#collect(() => {
      const direction = this.#side(side);
      if (this.#observes(direction.sendsTrailers, side, { kind: "trailers", fields })) return;
      if (this.#streamedImmediate && side === "request") this.#restOfRequest({ kind: "trailers", fields });
      else trailersArrived(direction, fields);
    });
  }

  destroy(): readonly EnvoyEvent[] {
    return this.#collect(() => {
      this.#destroyed = true;
      this.processingComplete = true;
      this.#close();
      this.#request.drop();
      this.#response.drop();
    });
  }

  answer(response: ProcessorResponse): readonly EnvoyEvent[] {
    return this.#collect(() => {
      if (this.config.observabilityMode || this.processingComplete) {
        this.verdict("ignored", "a message nobody waits for any more");
        return;
      }
      if (response.overrideMessageTimeoutMs !== null) {
        this.emit(overrideTimeout(response.overrideMessageTimeoutMs, this.config, [this.#request, this.#response]));
        return;
      }
      if (response.modeOverride !== null) {
        this.emit(overrideModes(response.modeOverride, this.config, this.#request, this.#response));
      }
      const result = response.answer === null ? unhandled() : this.#handle(response.answer);
      if (result.kind === "spurious") {
        this.verdict("spurious", result.text);
        if (this.#failsOpen && !this.#streamedImmediate) this.#failOpen();
        else this.#failClosed(this.config.statusOnError, result.text);
      } else if (result.kind === "error") {
        this.verdict(result.verdict, result.text);
        this.#failClosed(this.config.statusOnError, result.text);
        return;
      }
      const { answer } = response;
      if (answer !== null && "side" in answer && this.#closesEarly && this.#isLast(answer)) {
        this.#closeAfterLast(answer.side);
      }
    });
  }

  streamEnded(code: number, message = ""): readonly EnvoyEvent[] {
    return this.#collect(() => {
      this.streamOpen = false;
      if (this.#destroyed) return;
      if (code !== GRPC_OK) this.verdict("streamError", `gRPC status ${code} ${message}`.trim());
      if (this.processingComplete) return;
      if (code === GRPC_OK && !this.#streamedImmediate) this.#release();
      else if (code !== GRPC_OK && this.#failsOpen && !this.#streamedImmediate) this.#failOpen();
      else
        this.#failClosed(
          this.config.statusOnError,
          `ext_proc_error_gRPC_error_${code}{${message.replaceAll(" ", "_")}}`,
        );
    });
  }

  timerExpired(side: Side): readonly EnvoyEvent[] {
    return this.#collect(() => {
      if (this.#side(side).timerMs === null || this.processingComplete) return;
      this.verdict("messageTimeout", `no answer in ${side} direction`);
      if (this.#failsOpen) this.#failOpen();
      else this.#failClosed(504, "ext_proc_error_per-message_timeout_exceeded");
    });
  }

  timer(side: Side): number | null {
    return this.processingComplete ? null : this.#side(side).timerMs;
  }

  reads(side: Side): boolean {
    return this.processingComplete || this.#side(side).reads;
  }

  finished(side: Side): boolean {
    return this.#side(side).message.finished;
  }

  outstanding(side: Side): number {
    return this.processingComplete ? 0 : this.#side(side).outstanding;
  }

  // What the directions need.

  send(side: Side, phase: RequestPhase): void {
    const { observabilityMode, sendBodyWithoutWaitingForHeaderResponse } = this.config;
    const protocolConfig =
      this.#streamOpened || observabilityMode
        ? null
        : {
            requestBodyMode: this.#request.bodyMode,
            responseBodyMode: this.#response.bodyMode,
            sendBodyWithoutWaitingForHeaderResponse,
          };
    this.#streamOpened = true;
    this.streamOpen = true;
    this.emit({ kind: "send", message: { side, phase, protocolConfig, observabilityMode } });
  }

  emit(event: EnvoyEvent): void {
    this.#events.push(event);
  }

  verdict(verdict: Verdict, text: string): void {
    this.emit({ kind: "verdict", verdict, text });
  }

  bodyTooLarge(side: Side): void {
    this.verdict("tooLarge", `the ${side} body is longer than ${this.config.bufferLimitBytes} bytes`);
    if (side === "response") {
      this.#failClosed(500, "response_payload_too_large");
      return;
    }
    // A reply of Envoy itself is a response like any other: from 1.37 on it is sent to the processor.
    if (!this.#closesEarly) {
      this.#failClosed(413, "request_payload_too_large");
      return;
    }
    this.#request.abandon();
    headersArrived(this.#response, payloadTooLarge.fields, false);
    bodyArrived(this.#response, payloadTooLarge.body, true);
  }

  // Answers.

  #handle(answer: ProcessorAnswer): AnswerResult {
    if (this.#streamedImmediate && answer.kind !== "streamedImmediate") {
      return answerError("spurious", `${answer.kind} during a streamed immediate response`);
    }
    switch (answer.kind) {
      case "headers":
      case "body":
      case "trailers":
        return takeAnswer(this.#side(answer.side), answer);
      case "immediate": {
        if (this.config.disableImmediateResponse) {
          return spurious("an immediate response although they are disabled");
        }
        const { status, body, details, mutation } = answer;
        this.processingComplete = true;
        this.#close();
        this.#reply({ status: status < 200 ? 200 : status, body, details, mutation });
        return OK;
      }
      case "streamedImmediate":
        return this.#closesEarly ? this.#streamImmediate(answer.part) : unhandled();
    }
  }

  /** Envoy becomes the origin of the response; its pieces are not sent back to the processor. */
  #streamImmediate(part: RequestPhase): AnswerResult {
    const refusal = this.#streamedImmediate ? refuseContinuation(part) : refuseStart(part, this.#request);
    if (refusal !== null) return refusal;
    if (!this.#streamedImmediate) {
      this.#streamedImmediate = true;
      this.#request.awaitNext("idle");
    }
    this.emit({ kind: "forward", side: "response", part });
    if (part.kind === "trailers" || part.endOfStream) {
      this.processingComplete = true;
      this.#request.message.finished = true;
      this.#response.message.finished = true;
      this.#close();
    }
    return OK;
  }

  /** What follows the headers a streamed immediate response answered: in duplex the processor gets it, else nobody does. */
  #restOfRequest(phase: RequestPhase): void {
    if (this.processingComplete || this.#request.bodyMode !== "FULL_DUPLEX_STREAMED") return;
    this.send("request", phase);
  }

  // Ends.

  /** 1.37 and later close the stream once they need nothing more of it. */
  get #closesEarly(): boolean {
    return this.config.version !== "1.36";
  }

  #isLast(answer: SideAnswer): boolean {
    if (this.processingComplete) return false;
    if (answer.side === "request" && !this.#response.unprocessed) return false;
    const side = this.#side(answer.side);
    if (answer.kind === "headers") return side.lastAfterHeaders;
    return answer.kind === "trailers" || side.lastAfterBody;
  }

  /** What a request still lacks when the response is through passes it by or stays where it is: nobody waits for it. */
  #closeAfterLast(side: Side): void {
    this.processingComplete = true;
    if (side === "response" && this.#request.begun && !this.#request.message.finished) this.#request.abandon();
    this.#close();
  }

  /** Half-closes the stream and resets it. */
  #close(): void {
    if (!this.streamOpen) return;
    this.streamOpen = false;
    this.emit({ kind: "close", reset: true });
  }

  get #failsOpen(): boolean {
    return this.config.failureModeAllow && this.#request.canFailOpen && this.#response.canFailOpen;
  }

  #failOpen(): void {
    this.verdict("failedOpen", "failure_mode_allow");
    this.#close();
    this.#release();
  }

  #release(): void {
    this.processingComplete = true;
    this.#request.release();
    this.#response.release();
  }

  #failClosed(status: number, details: string): void {
    this.processingComplete = true;
    this.#close();
    this.#reply({ status, body: EMPTY, details, mutation: null });
  }

  #reply(reply: LocalReply): void {
    const committed = this.#response.message.headersForwarded || this.#streamedImmediate;
    this.#request.drop();
    this.#response.drop();
    if (committed) this.emit({ kind: "resetClient", details: reply.details });
    else this.#events.push(...localReply(reply, this.config.mutationRules));
  }

  // Observability.

  /** Copies go out, the original passes at once. False outside observability mode. */
  #observes(sends: boolean, side: Side, phase: RequestPhase): boolean {
    if (!this.config.observabilityMode) return false;
    if (sends && !this.processingComplete) this.send(side, phase);
    this.emit({ kind: "forward", side, part: phase });
    if (phase.kind === "trailers" || phase.endOfStream) this.#side(side).message.finished = true;
    return true;
  }

  #side(side: Side): EnvoySide {
    return side === "request" ? this.#request : this.#response;
  }

  #collect(step: () => void): readonly EnvoyEvent[] {
    step();
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

function unhandled(): AnswerResult {
  return spurious("a message without a known answer");
}
