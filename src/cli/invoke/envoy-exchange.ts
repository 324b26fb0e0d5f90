/**
 * Envoy's ext_proc filter on one exchange: its stream to the processor, what errors and ends do to both directions, and
 * the answers that are Envoy's own. Source: `ext_proc/ext_proc.cc`.
 */
import type {
  EnvoyConfig,
  EnvoyEvent,
  EnvoyExchange,
  HeaderFields,
  HeaderMutation,
  ModeOverride,
  ProcessorAnswer,
  ProcessorResponse,
  RequestPhase,
  Side,
  Verdict,
} from "./envoy-model.ts";
import { type AnswerResult, EnvoySide, type SideOwner } from "./envoy-side.ts";
import { applyHeaderMutation } from "./header-mutation.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const OK: AnswerResult = { kind: "ok" };
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
      direction.headers(fields, endOfStream);
      // A response nobody processes ends processing, from 1.37 on even with request chunks unanswered.
      if (side === "response" && direction.unprocessed && this.#closesEarly) this.#closeAfterLast("response");
    });
  }

  body(side: Side, bytes: Uint8Array, endOfStream: boolean): readonly EnvoyEvent[] {
    return this.#collect(() => {
      const direction = this.#side(side);
      if (this.#observes(direction.bodyMode === "STREAMED", side, { kind: "body", bytes, endOfStream })) return;
      if (this.#streamedImmediate && side === "request") this.#bodyOfAnsweredRequest(bytes, endOfStream);
      else direction.body(bytes, endOfStream);
    });
  }

  trailers(side: Side, fields: HeaderFields): readonly EnvoyEvent[] {
    return this.#collect(() => {
      const direction = this.#side(side);
      if (this.#observes(direction.sendsTrailers, side, { kind: "trailers", fields })) return;
      if (this.#streamedImmediate && side === "request") return;
      direction.trailers(fields);
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
        this.#overrideTimeout(response.overrideMessageTimeoutMs);
        return;
      }
      if (response.modeOverride !== null) this.#overrideMode(response.modeOverride);
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
    return this.#side(side).finished;
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
    const text = Buffer.from("Payload Too Large");
    const fields: HeaderFields = [
      [":status", "413"],
      ["content-length", String(text.length)],
      ["content-type", "text/plain"],
    ];
    this.#response.headers(fields, false);
    this.#response.body(text, true);
  }

  // Answers.

  #handle(answer: ProcessorAnswer): AnswerResult {
    if (this.#streamedImmediate && answer.kind !== "streamedImmediate") {
      return { kind: "error", verdict: "spurious", text: `${answer.kind} during a streamed immediate response` };
    }
    switch (answer.kind) {
      case "headers":
        return this.#side(answer.side).headersAnswer(answer.common);
      case "body":
        return this.#side(answer.side).bodyAnswer(answer.common);
      case "trailers":
        return this.#side(answer.side).trailersAnswer(answer.mutation);
      case "immediate":
        if (this.config.disableImmediateResponse) {
          return { kind: "spurious", text: "an immediate response although they are disabled" };
        }
        this.processingComplete = true;
        this.#close();
        this.#reply(answer.status < 200 ? 200 : answer.status, answer.body, answer.details, answer.mutation);
        return OK;
      case "streamedImmediate":
        return this.#closesEarly ? this.#streamImmediate(answer.part) : unhandled();
    }
  }

  /** Envoy becomes the origin of the response; its pieces are not sent back to the processor. */
  #streamImmediate(part: RequestPhase): AnswerResult {
    if (!this.#streamedImmediate) {
      if (part.kind !== "headers")
        return { kind: "spurious", text: "a streamed immediate response without its headers" };
      if (!this.#request.canStreamImmediate) {
        return { kind: "spurious", text: "a streamed immediate response after the request headers were answered" };
      }
      const status = part.fields.find(([name]) => name === ":status")?.[1];
      const { bodyMode } = this.#request;
      if (status === undefined || Number(status) < 200) {
        return {
          kind: "error",
          verdict: "mutationError",
          text: "a streamed immediate response without a valid :status",
        };
      }
      if (!part.endOfStream && bodyMode !== "NONE" && bodyMode !== "FULL_DUPLEX_STREAMED") {
        return {
          kind: "error",
          verdict: "spurious",
          text: `a streamed immediate response in request body mode ${bodyMode}`,
        };
      }
      this.#streamedImmediate = true;
      this.#request.takeHeadersForImmediate();
    } else if (part.kind === "headers")
      return { kind: "spurious", text: "a second head of a streamed immediate response" };
    this.emit({ kind: "forward", side: "response", part });
    if (part.kind === "trailers" || part.endOfStream) {
      this.processingComplete = true;
      this.#request.finished = true;
      this.#response.finished = true;
      this.#close();
    }
    return OK;
  }

  /** The request body of a streamed immediate response: in duplex the processor still gets it, else nobody does. */
  #bodyOfAnsweredRequest(bytes: Uint8Array, endOfStream: boolean): void {
    if (this.processingComplete || this.#request.bodyMode !== "FULL_DUPLEX_STREAMED") return;
    this.send("request", { kind: "body", bytes, endOfStream });
  }

  #overrideTimeout(ms: number): void {
    const running = [this.#request, this.#response].filter((side) => side.timerMs !== null && !side.timerOverridden);
    if (ms < 1 || ms > this.config.maxMessageTimeoutMs || running.length === 0) {
      this.verdict("timeoutOverrideIgnored", `${ms} ms`);
      return;
    }
    for (const side of running) {
      side.timerMs = ms;
      side.timerOverridden = true;
    }
    this.verdict("timeoutExtended", `${ms} ms`);
  }

  #overrideMode(override: ModeOverride): void {
    const { config } = this;
    const { processingMode } = config;
    const duplex = [processingMode.requestBodyMode, processingMode.responseBodyMode].includes("FULL_DUPLEX_STREAMED");
    const inHeaders = [this.#request, this.#response].some(({ callback }) => callback === "headers");
    if (!config.allowModeOverride || config.sendBodyWithoutWaitingForHeaderResponse || duplex || !inHeaders) {
      this.verdict("modeOverrideIgnored", "not allowed, or not in a header answer");
      return;
    }
    // The base is the filter's configuration, never an earlier override; body modes are always literal.
    const resolve = (asked: "SEND" | "SKIP" | "DEFAULT", base: "SEND" | "SKIP"): boolean =>
      (asked === "DEFAULT" ? base : asked) === "SEND";
    this.#request.bodyMode = override.requestBodyMode;
    this.#request.sendsTrailers = resolve(override.requestTrailerMode, processingMode.requestTrailerMode);
    this.#response.bodyMode = override.responseBodyMode;
    this.#response.sendsHeaders = resolve(override.responseHeaderMode, processingMode.responseHeaderMode);
    this.#response.sendsTrailers = resolve(override.responseTrailerMode, processingMode.responseTrailerMode);
    this.verdict("modeOverrideApplied", `${override.requestBodyMode}, ${override.responseBodyMode}`);
  }

  // Ends.

  /** 1.37 and later close the stream once they need nothing more of it. */
  get #closesEarly(): boolean {
    return this.config.version !== "1.36";
  }

  #isLast(answer: ProcessorAnswer & { readonly side: Side }): boolean {
    if (this.processingComplete) return false;
    if (answer.side === "request" && !this.#response.unprocessed) return false;
    const side = this.#side(answer.side);
    if (answer.kind === "headers") return side.lastAfterHeaders;
    return answer.kind === "trailers" || side.lastAfterBody;
  }

  /** What a request still lacks when the response is through passes it by or stays where it is: nobody waits for it. */
  #closeAfterLast(side: Side): void {
    this.processingComplete = true;
    if (side === "response" && this.#request.begun && !this.#request.finished) this.#request.abandon();
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
    this.#reply(status, EMPTY, details, null);
  }

  #reply(status: number, body: Uint8Array, details: string, mutation: HeaderMutation | null): void {
    const committed = this.#response.headersForwarded || this.#streamedImmediate;
    this.#request.drop();
    this.#response.drop();
    if (committed) {
      this.emit({ kind: "resetClient", details });
      return;
    }
    const base: HeaderFields = body.length === 0 ? [] : [["content-type", "text/plain"]];
    const fields =
      mutation === null
        ? base
        : applyHeaderMutation(base, mutation, {
            rules: this.config.mutationRules,
            replaces: false,
            dropsContentLength: true,
          });
    if ("fields" in fields) for (const text of fields.rejected) this.verdict("rejectedMutation", text);
    this.emit({
      kind: "localReply",
      status,
      fields: "fields" in fields ? fields.fields : fields,
      body,
      details: details.replaceAll(/\s/g, "_"),
    });
  }

  // Observability.

  /** Copies go out, the original passes at once. False outside observability mode. */
  #observes(sends: boolean, side: Side, phase: RequestPhase): boolean {
    if (!this.config.observabilityMode) return false;
    if (sends && !this.processingComplete) this.send(side, phase);
    this.emit({ kind: "forward", side, part: phase });
    if (phase.kind === "trailers" || phase.endOfStream) this.#side(side).finished = true;
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
  return { kind: "spurious", text: "a message without a known answer" };
}
