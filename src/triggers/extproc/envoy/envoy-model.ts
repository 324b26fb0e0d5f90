/**
 * Envoy's ext_proc filter during one exchange, as a state machine without I/O: put in what client, upstream and server
 * send; take out what Envoy sends to the server, and what upstream and client get in the end. Every answer is judged as
 * Envoy 1.37 to 1.40 judges it.
 *
 *     const envoy = new EnvoyModel(config);
 *     envoy.requestHeaders(lines, true);
 *     for (const message of envoy.takeMessages()) send(encodeMessage(message));
 *     envoy.receive(decodeAnswer(bytes));
 *     envoy.upstream; // the request as it goes on
 */
import { BodyMode } from "../body-mode.ts";
import {
  type Answer,
  type AnswerMember,
  type EnvoyConfig,
  type EnvoyMessage,
  type HttpOutput,
  type ImmediateResponse,
  type Issue,
  type Lines,
  type MessageContent,
  type ModeOverrideFields,
  type PhaseName,
  type StreamedImmediatePart,
  type Which,
  isViolation,
} from "./contract.ts";
import { type DirectionHost, DirectionModel } from "./direction-model.ts";
import { localReply } from "./local-reply.ts";

const NOTHING: HttpOutput = { lines: null, chunks: [], trailers: null, ended: false, reset: false };
const EMPTY: Uint8Array = new Uint8Array(0);

export interface DuePhase {
  readonly which: Which;
  readonly phase: PhaseName;
}

export class EnvoyModel {
  readonly config: EnvoyConfig;
  readonly issues: Issue[] = [];
  /** How the server ended the stream; null while it has not. */
  serverStatus: { readonly code: number; readonly message: string } | null = null;
  /** Why Envoy answered the client itself, as in RESPONSE_CODE_DETAILS; null while it has not. */
  details: string | null = null;
  /** What the server's last `override_message_timeout` asked for, when Envoy heeds it. */
  timeoutOverrideMs: number | null = null;
  readonly #request: DirectionModel;
  readonly #response: DirectionModel;
  #queue: EnvoyMessage[] = [];
  #requestLines: Lines = [];
  #reply: { -readonly [K in keyof HttpOutput]: HttpOutput[K] } | null = null;
  /** The server streams the response itself. */
  #serverAnswers = false;
  #closed = false;
  #opened = false;
  #attributesSent = false;
  #timeoutOverridden = false;

  constructor(config: EnvoyConfig) {
    this.config = config;
    const host: DirectionHost = {
      config,
      sendHeaders: (which, lines, endOfStream) => this.#send({ which, phase: "headers", lines, endOfStream }),
      sendBody: (which, body, endOfStream) => this.#send({ which, phase: "body", body, endOfStream }),
      sendTrailers: (which, lines) => this.#send({ which, phase: "trailers", lines }),
      report: (issue) => this.issues.push(issue),
      fail: (kind, text) => this.#fail(kind, text),
      overflow: (which) => {
        if (which === "request") this.#answerItself(413, "request_payload_too_large");
        else this.#answerItself(500, "response_payload_too_large");
      },
    };
    this.#request = new DirectionModel("request", host);
    this.#response = new DirectionModel("response", host);
  }

  // What client and upstream send

  requestHeaders(lines: Lines, endOfStream: boolean): void {
    this.#requestLines = lines;
    this.#request.headers(lines, endOfStream);
  }

  requestData(bytes: Uint8Array, endOfStream: boolean): void {
    this.#request.data(bytes, endOfStream);
  }

  requestTrailers(lines: Lines): void {
    this.#request.trailers(lines);
  }

  responseHeaders(lines: Lines, endOfStream: boolean): void {
    if (this.#reply === null) this.#response.headers(lines, endOfStream);
  }

  responseData(bytes: Uint8Array, endOfStream: boolean): void {
    if (this.#reply === null) this.#response.data(bytes, endOfStream);
  }

  responseTrailers(lines: Lines): void {
    if (this.#reply === null) this.#response.trailers(lines);
  }

  // What the server sends

  receive(answer: Answer): void {
    if (this.#closed) {
      this.issues.push({ kind: "late", text: "a message after Envoy had all it needed" });
      return;
    }
    if (this.config.observabilityMode) {
      this.issues.push({ kind: "ignored", text: "an answer in observability mode" });
      return;
    }
    if (answer.overrideMessageTimeoutMs !== null) return this.#overrideTimeout(answer);
    if (answer.modeOverride !== null) this.#overrideModes(answer.modeOverride, answer.member);
    this.#accept(answer.member);
    this.#timeoutOverridden = false;
    if (this.finished) this.#closed = true;
  }

  /** The server ended the stream: with status 0 everything goes on without it. */
  serverEnded(code: number, message: string): void {
    this.serverStatus ??= { code, message };
    if (this.#closed) return;
    this.#closed = true;
    if (this.#serverAnswers && this.#reply?.ended === false) {
      this.issues.push({ kind: "lost-body", text: "the stream ended inside a StreamedImmediateResponse" });
      this.#reply.reset = this.#reply.ended = true;
    } else if (code === 0 || this.#failsOpen) this.#pass();
    else this.#answerItself(500, `ext_proc_error_gRPC_error_${code}{${message.replaceAll(" ", "_")}}`);
  }

  /** `message_timeout` has run out. */
  timeout(): void {
    if (this.#closed) return;
    if (this.#failsOpen) this.#pass();
    else this.#answerItself(504, "ext_proc_error_per-message_timeout_exceeded");
    this.#closed = true;
  }

  // What comes out

  /** Messages to the server since the last call, in order. */
  takeMessages(): EnvoyMessage[] {
    return this.#queue.splice(0);
  }

  /** The answers Envoy waits for. */
  get due(): readonly DuePhase[] {
    if (this.#closed) return [];
    return [this.#request, this.#response].flatMap(({ which, due }) => (due === null ? [] : [{ which, phase: due }]));
  }

  /** No more messages will pass between Envoy and the server: Envoy resets the stream, unless the server ended it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Everything Envoy wanted of the server is there. */
  get finished(): boolean {
    if (this.#serverAnswers) return this.#reply?.ended === true;
    return this.#request.finished && this.#response.finished;
  }

  /** The request as upstream gets it. */
  get upstream(): HttpOutput {
    return this.#request.output.lines === null ? NOTHING : this.#request.output;
  }

  /** The response as the client gets it. */
  get client(): HttpOutput {
    return this.#reply ?? this.#response.output;
  }

  /** The server kept all rules and ended well, as far as it ended. */
  get sound(): boolean {
    return !this.issues.some(isViolation) && (this.serverStatus === null || this.serverStatus.code === 0);
  }

  #accept(member: AnswerMember | null): void {
    switch (member?.kind) {
      case "headers":
        return this.#direction(member.which).answerHeaders(member.common);
      case "body":
        return this.#direction(member.which).answerBody(member.common);
      case "trailers":
        return this.#direction(member.which).answerTrailers(member.mutation);
      case "immediate":
        if (this.config.disableImmediateResponse) return this.#fail("spurious", "immediate answers are disabled");
        return this.#replyWith(member.reply, member.reply.details);
      case "streamed-immediate":
        return this.#streamReply(member.part);
      case undefined:
        return this.#fail("spurious", "a message that answers nothing: no member of oneof response");
    }
  }

  #direction(which: Which): DirectionModel {
    return which === "request" ? this.#request : this.#response;
  }

  /** Envoy as the origin of what the server streams; no response phases follow. */
  #streamReply(part: StreamedImmediatePart): void {
    if (part.kind === "headers") {
      if (this.#request.state !== "headers") {
        return this.#fail("spurious", "StreamedImmediateResponse not in answer to the request headers");
      }
      const mode = this.#request.bodyMode;
      if (!part.endOfStream && mode !== BodyMode.NONE && mode !== BodyMode.FULL_DUPLEX_STREAMED) {
        return this.#fail(
          "spurious",
          "StreamedImmediateResponse needs a request body mode of NONE or FULL_DUPLEX_STREAMED",
        );
      }
      if (!part.lines.some(([name, value]) => name === ":status" && Number(value) >= 200)) {
        return this.#fail("processing-error", "StreamedImmediateResponse without :status of 200 or more");
      }
      this.#serverAnswers = true;
      this.#reply = { lines: part.lines, chunks: [], trailers: null, ended: part.endOfStream, reset: false };
      this.#request.divert();
      this.#response.drop();
      return;
    }
    const reply = this.#reply;
    if (!this.#serverAnswers || reply === null) {
      return this.#fail("spurious", "StreamedImmediateResponse begins without headers");
    }
    if (part.kind === "trailers") {
      reply.trailers = part.lines;
      reply.ended = true;
    } else {
      if (part.bytes.length > 0) reply.chunks = [...reply.chunks, part.bytes];
      reply.ended = part.endOfStream;
    }
  }

  /** Conditions and merging as Envoy has them; body modes are taken literally. */
  #overrideModes(override: ModeOverrideFields, member: AnswerMember | null): void {
    const { config } = this;
    const duplex = BodyMode.FULL_DUPLEX_STREAMED;
    const answersHeaders = member?.kind === "headers" && this.#direction(member.which).state === "headers";
    const refusal = !config.allowModeOverride
      ? "allow_mode_override is false"
      : config.sendBodyWithoutWaitingForHeaderResponse
        ? "send_body_without_waiting_for_header_response is true"
        : config.requestBody === duplex || config.responseBody === duplex
          ? "a body mode is FULL_DUPLEX_STREAMED"
          : answersHeaders
            ? null
            : "it does not come with the answer to headers";
    if (refusal !== null) {
      this.issues.push({ kind: "ignored", text: `mode_override: ${refusal}` });
      return;
    }
    this.#request.bodyMode = asBodyMode(override.requestBody);
    this.#response.bodyMode = asBodyMode(override.responseBody);
    this.#request.sendsTrailers = overridden(override.requestTrailers, config.requestTrailers);
    this.#response.sendsTrailers = overridden(override.responseTrailers, config.responseTrailers);
    this.#response.sendsHeaders = overridden(override.responseHeaders, config.responseHeaders);
  }

  /** Everything else in such a message is ignored. */
  #overrideTimeout({ overrideMessageTimeoutMs: ms, member }: Answer): void {
    if (member !== null) {
      this.issues.push({ kind: "ignored", text: "an answer beside override_message_timeout: it is still due" });
    }
    const timed = this.due.some(({ which }) => this.#direction(which).bodyMode !== BodyMode.FULL_DUPLEX_STREAMED);
    const refusal = !timed
      ? "no timer is running"
      : this.#timeoutOverridden
        ? "it was asked for before"
        : ms === null || ms < 1 || ms > this.config.maxMessageTimeoutMs
          ? `${ms} ms is not within 1 and max_message_timeout (${this.config.maxMessageTimeoutMs} ms)`
          : null;
    if (refusal !== null) {
      this.issues.push({ kind: "ignored", text: `override_message_timeout: ${refusal}` });
      return;
    }
    this.#timeoutOverridden = true;
    this.timeoutOverrideMs = ms;
  }

  get #failsOpen(): boolean {
    return this.config.failureModeAllow && !this.#request.duplexBegun && !this.#response.duplexBegun;
  }

  #fail(kind: "spurious" | "processing-error", text: string): void {
    this.issues.push({ kind, text });
    if (kind === "spurious" && this.#failsOpen && !this.#serverAnswers) this.#pass();
    else this.#answerItself(500, kind === "spurious" ? "spurious_message" : "header_or_body_mutation_failed");
  }

  #pass(): void {
    this.#closed = true;
    this.#request.pass();
    this.#response.pass();
  }

  #answerItself(status: number, details: string): void {
    const mutation = { removed: [], set: [] };
    this.#replyWith({ status, mutation, body: EMPTY, grpcStatus: null, details }, details);
  }

  /** A client that has the headers of a response can only be cut off. */
  #replyWith(reply: ImmediateResponse, details: string): void {
    this.#closed = true;
    this.details = details;
    const clientHasHeaders = this.client.lines !== null;
    this.#request.drop();
    this.#response.drop();
    if (this.#reply !== null) this.#reply.reset = this.#reply.ended = true;
    if (clientHasHeaders) return;
    const { output, issues } = localReply(reply, this.#requestLines, this.config);
    this.issues.push(...issues);
    this.#reply = { ...output };
  }

  #send(content: MessageContent): void {
    const { requestBody, responseBody, sendBodyWithoutWaitingForHeaderResponse, observabilityMode } = this.config;
    const protocolConfig = { requestBody, responseBody, sendBodyWithoutWaitingForHeaderResponse };
    const sendsAttributes =
      content.which === "request" && !this.#attributesSent && Object.keys(this.config.attributes).length > 0;
    this.#queue.push({
      ...content,
      metadata: this.config.metadata,
      observabilityMode,
      ...(!this.#opened && !observabilityMode && { protocolConfig }),
      ...(sendsAttributes && { attributes: this.config.attributes }),
    });
    this.#opened = true;
    this.#attributesSent ||= sendsAttributes;
    this.#timeoutOverridden = false;
  }
}

/** Header modes of an override: DEFAULT keeps what the filter is configured with. */
function overridden(mode: number, configured: "SEND" | "SKIP"): boolean {
  return mode === 0 ? configured === "SEND" : mode === 1;
}

function asBodyMode(mode: number): BodyMode {
  return Object.values(BodyMode).find((known) => known === mode) ?? BodyMode.NONE;
}
