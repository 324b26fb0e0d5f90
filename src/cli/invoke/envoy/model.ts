/**
 * Envoy's side of ext_proc for one HTTP exchange, as a state machine without I/O: the one model of it, which
 * `processor invoke` plays Envoy with and the property tests hold the processor against.
 *
 * Whoever drives it reports what happens (the client sends, the upstream answers, the processor's stream brings a message
 * or ends, a timer runs out) and carries out the events each report gives back, in their order: messages for the
 * processor, what reaches upstream and client, the stream's end, and verdicts on what the processor did.
 *
 * The rules are those of Envoy 1.36 to 1.40, `source/extensions/filters/http/ext_proc`. This file is the contract;
 * `openEnvoyExchange` (exchange.ts) plays it. Of one direction, side.ts holds the state and held-message.ts what waits of
 * its message, arrivals.ts has the rules for what comes in, header-answer.ts, body-answer.ts and trailer-answer.ts those for
 * answers, header-rules.ts and header-mutation.ts those for header changes; defaults.ts is a configuration to start from.
 */

/** A direction of the exchange: request is decoding, response encoding. */
export type Side = "request" | "response";

/** A header line: lower-case name, Latin-1 value. Pseudo headers (":path") come first, one line each. */
export type HeaderField = readonly [name: string, value: string];
export type HeaderFields = readonly HeaderField[];

/** `BodySendMode` of envoy.extensions.filters.http.ext_proc.v3.ProcessingMode. */
export type BodySendMode = "NONE" | "STREAMED" | "BUFFERED" | "BUFFERED_PARTIAL" | "FULL_DUPLEX_STREAMED";

/** `HeaderSendMode`; DEFAULT is resolved: headers are sent, trailers skipped. */
export type HeaderSendMode = "SEND" | "SKIP";

/** envoy.extensions.filters.http.ext_proc.v3.ProcessingMode. */
export interface ProcessingMode {
  readonly requestHeaderMode: HeaderSendMode;
  readonly responseHeaderMode: HeaderSendMode;
  readonly requestBodyMode: BodySendMode;
  readonly responseBodyMode: BodySendMode;
  readonly requestTrailerMode: HeaderSendMode;
  readonly responseTrailerMode: HeaderSendMode;
}

/**
 * Which Envoy is played. From "1.37" on the stream is closed after the last answer that is needed and streamed immediate
 * responses are understood; "1.40" keeps headers back until the first body answer in STREAMED and FULL_DUPLEX_STREAMED
 * (envoy#45355).
 */
export type EnvoyVersion = "1.36" | "1.37" | "1.40";

/** envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor, as far as a processor can tell. */
export interface EnvoyConfig {
  readonly version: EnvoyVersion;
  readonly processingMode: ProcessingMode;
  /** STREAMED chunks go out while the headers are unanswered. */
  readonly sendBodyWithoutWaitingForHeaderResponse: boolean;
  readonly allowModeOverride: boolean;
  /** Errors let the exchange go on unmodified. */
  readonly failureModeAllow: boolean;
  readonly disableImmediateResponse: boolean;
  /** Copies only: nothing waits, nothing is applied. */
  readonly observabilityMode: boolean;
  /** What clients get for errors, except time-outs. */
  readonly statusOnError: number;
  /** In ms; Envoy's default is 200. */
  readonly messageTimeoutMs: number;
  /** In ms; 0: `override_message_timeout` is ignored, Envoy's default. */
  readonly maxMessageTimeoutMs: number;
  readonly mutationRules: MutationRules;
  /** `per_connection_buffer_limit_bytes`; Envoy's default is 1 MiB. */
  readonly bufferLimitBytes: number;
}

/** envoy.config.common.mutation_rules.v3.HeaderMutationRules, without the expressions. */
export interface MutationRules {
  readonly allowAllRouting: boolean;
  readonly allowEnvoy: boolean;
  readonly disallowSystem: boolean;
  readonly disallowAll: boolean;
  readonly disallowIsError: boolean;
}

/** `ProtocolConfiguration`, on the first message of a stream. */
export interface ProtocolConfiguration {
  readonly requestBodyMode: BodySendMode;
  readonly responseBodyMode: BodySendMode;
  readonly sendBodyWithoutWaitingForHeaderResponse: boolean;
}

/** A ProcessingRequest, reduced to what the state machine decides. */
export interface ProcessorRequest {
  readonly side: Side;
  readonly phase: RequestPhase;
  /** On the first message of the stream, outside observability mode; else null. */
  readonly protocolConfig: ProtocolConfiguration | null;
  readonly observabilityMode: boolean;
}

export type RequestPhase =
  | { readonly kind: "headers"; readonly fields: HeaderFields; readonly endOfStream: boolean }
  | { readonly kind: "body"; readonly bytes: Uint8Array; readonly endOfStream: boolean }
  | { readonly kind: "trailers"; readonly fields: HeaderFields };

/** A ProcessingResponse. Members beside `answer` are null when absent. */
export interface ProcessorResponse {
  /** The member of the `oneof`; null when none is set. */
  readonly answer: ProcessorAnswer | null;
  /** Header modes may be DEFAULT: as the filter is configured. An absent body mode is NONE. */
  readonly modeOverride: ModeOverride | null;
  readonly overrideMessageTimeoutMs: number | null;
}

export type ProcessorAnswer =
  | { readonly kind: "headers"; readonly side: Side; readonly common: CommonResponse }
  | { readonly kind: "body"; readonly side: Side; readonly common: CommonResponse }
  | { readonly kind: "trailers"; readonly side: Side; readonly mutation: HeaderMutation | null }
  | {
      readonly kind: "immediate";
      readonly status: number;
      readonly mutation: HeaderMutation | null;
      readonly body: Uint8Array;
      readonly grpcStatus: number | null;
      readonly details: string;
    }
  | { readonly kind: "streamedImmediate"; readonly part: RequestPhase };

export interface CommonResponse {
  readonly status: "CONTINUE" | "CONTINUE_AND_REPLACE";
  readonly headerMutation: HeaderMutation | null;
  readonly bodyMutation: BodyMutation | null;
  readonly clearRouteCache: boolean;
}

export type BodyMutation =
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "clearBody"; readonly clear: boolean }
  | { readonly kind: "streamed"; readonly bytes: Uint8Array; readonly endOfStream: boolean };

export interface HeaderMutation {
  /** `raw_value` as Latin-1; `append` as the deprecated BoolValue says, the only one Envoy reads. */
  readonly set: readonly { readonly name: string; readonly value: string; readonly append: boolean }[];
  readonly remove: readonly string[];
}

export interface ModeOverride {
  readonly responseHeaderMode: HeaderSendMode | "DEFAULT";
  readonly requestTrailerMode: HeaderSendMode | "DEFAULT";
  readonly responseTrailerMode: HeaderSendMode | "DEFAULT";
  readonly requestBodyMode: BodySendMode;
  readonly responseBodyMode: BodySendMode;
}

/** What a report makes Envoy do, in this order. */
export type EnvoyEvent =
  /** A message for the processor; the first one opens the stream. */
  | { readonly kind: "send"; readonly message: ProcessorRequest }
  /** Half-closes the stream to the processor and, with `reset`, resets it right after. Nothing it sends is heard any more. */
  | { readonly kind: "close"; readonly reset: boolean }
  /** A part of the message that reaches the upstream (request) or the client (response). */
  | { readonly kind: "forward"; readonly side: Side; readonly part: RequestPhase }
  /** Envoy answers the client itself: immediate answers and errors. The upstream request, if any, is given up. */
  | {
      readonly kind: "localReply";
      readonly status: number;
      readonly fields: HeaderFields;
      readonly body: Uint8Array;
      readonly details: string;
    }
  /** The client's stream is reset: too late for a reply. */
  | { readonly kind: "resetClient"; readonly details: string }
  /** The route is chosen again before the request goes on. */
  | { readonly kind: "clearRouteCache" }
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly text: string };

/**
 * What Envoy makes of an answer or an end, beside carrying it out.
 *
 * - `spurious`: a message that fits no callback state (`spurious_msgs_received`); fails the exchange unless failures are allowed.
 * - `rejectedMutation`: one header operation refused, the others applied (`rejected_header_mutations`).
 * - `mutationError`: the whole mutation refused; always fails the exchange.
 * - `contentLengthMismatch`: a BUFFERED body that does not fit its `content-length`; always fails the exchange.
 * - `messageTimeout`: no answer in time (`message_timeouts`).
 * - `streamError`: the stream ended with an error or was reset (`streams_failed`).
 * - `failedOpen`: an error was ignored (`failure_mode_allowed`).
 * - `tooLarge`: a BUFFERED body beyond the buffer limit.
 * - `brokenEnd`: in duplex, an end of stream before the message's own, a second one, one though trailers end the message, or
 *   trailers answered before the headers: Envoy accepts it, the exchange breaks.
 * - `lostBytes`: the stream ended with OK while duplex bytes were unanswered: they are gone.
 * - `ignored`: an answer after processing was complete, or a part of one that has no effect in its phase.
 * - `timeoutExtended`, `timeoutOverrideIgnored`: what became of an `override_message_timeout`.
 * - `modeOverrideApplied`, `modeOverrideIgnored`: what became of a `mode_override`.
 */
export type Verdict =
  | "spurious"
  | "rejectedMutation"
  | "mutationError"
  | "contentLengthMismatch"
  | "messageTimeout"
  | "streamError"
  | "failedOpen"
  | "tooLarge"
  | "brokenEnd"
  | "lostBytes"
  | "ignored"
  | "timeoutExtended"
  | "timeoutOverrideIgnored"
  | "modeOverrideApplied"
  | "modeOverrideIgnored";

/** One exchange in Envoy's ext_proc filter. Every method returns what Envoy does because of it. */
export interface EnvoyExchange {
  /** The client sends, or for "response" the upstream does. */
  headers(side: Side, fields: HeaderFields, endOfStream: boolean): readonly EnvoyEvent[];
  body(side: Side, bytes: Uint8Array, endOfStream: boolean): readonly EnvoyEvent[];
  trailers(side: Side, fields: HeaderFields): readonly EnvoyEvent[];
  /** The client went away, or the exchange is over for it: the filter is destroyed. */
  destroy(): readonly EnvoyEvent[];
  /** A message of the processor. */
  answer(response: ProcessorResponse): readonly EnvoyEvent[];
  /** The processor ended the stream: gRPC status code, 0 is OK. A reset or a lost connection is 14 before, 13 after its first bytes. */
  streamEnded(code: number, message?: string): readonly EnvoyEvent[];
  /** The timer of that direction ran out. */
  timerExpired(side: Side): readonly EnvoyEvent[];

  /** Ms the running timer of that direction was armed with; null when none runs. It starts anew with every message sent. */
  timer(side: Side): number | null;
  /** False: Envoy does not read on from client or upstream until an answer lets bytes go (back-pressure). */
  reads(side: Side): boolean;
  /** The stream to the processor is open. */
  readonly streamOpen: boolean;
  /** A direction's whole message has gone on, or its exchange was answered otherwise. */
  finished(side: Side): boolean;
  /** How many answers are outstanding in that direction: chunks one by one in STREAMED, none counted in duplex bodies. */
  outstanding(side: Side): number;
}
