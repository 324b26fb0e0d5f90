/**
 * Envoy's side of envoy.service.ext_proc.v3: how the filter is configured, what it sends, what it makes of the answers.
 * Commands and tests play Envoy with it; the processor itself never does.
 */
import type { JsonValue } from "../../../function/contract.ts";
import type { BodyMode } from "../body-mode.ts";

/** Field lines in order, names in lower case, values Latin-1; pseudo headers among them. */
export type Lines = readonly (readonly [name: string, value: string])[];
export type Which = "request" | "response";
export type PhaseName = "headers" | "body" | "trailers";

/** The filter's configuration, as far as a server notices it. Names follow the options of Envoy's filter. */
export interface EnvoyConfig {
  readonly requestHeaders: "SEND" | "SKIP";
  readonly responseHeaders: "SEND" | "SKIP";
  readonly requestBody: BodyMode;
  readonly responseBody: BodyMode;
  /** Must be SEND for a direction in FULL_DUPLEX_STREAMED. */
  readonly requestTrailers: "SEND" | "SKIP";
  readonly responseTrailers: "SEND" | "SKIP";
  readonly sendBodyWithoutWaitingForHeaderResponse: boolean;
  readonly allowModeOverride: boolean;
  readonly failureModeAllow: boolean;
  readonly disableImmediateResponse: boolean;
  readonly observabilityMode: boolean;
  /** `mutation_rules.allow_all_routing` and `allow_envoy`. */
  readonly allowRouting: boolean;
  readonly allowEnvoyHeaders: boolean;
  /** Longest time `override_message_timeout` may ask for; 0 switches it off. */
  readonly maxMessageTimeoutMs: number;
  /** `per_connection_buffer_limit_bytes`. */
  readonly bufferLimitBytes: number;
  /** Sent with the first message of the request direction. */
  readonly attributes: Readonly<Record<string, JsonValue>>;
  /** `filter_metadata` by namespace, sent with every message. */
  readonly metadata: Readonly<Record<string, { readonly [key: string]: JsonValue }>>;
}

/** A message to the server. */
export type EnvoyMessage = MessageContent & {
  /** Only on the first message of a stream. */
  readonly protocolConfig?: Pick<
    EnvoyConfig,
    "requestBody" | "responseBody" | "sendBodyWithoutWaitingForHeaderResponse"
  >;
  readonly attributes?: EnvoyConfig["attributes"];
  readonly metadata: EnvoyConfig["metadata"];
  readonly observabilityMode: boolean;
};
export type MessageContent = { readonly which: Which } & (
  | { readonly phase: "headers"; readonly lines: Lines; readonly endOfStream: boolean }
  | { readonly phase: "body"; readonly body: Uint8Array; readonly endOfStream: boolean }
  | { readonly phase: "trailers"; readonly lines: Lines }
);

/** A decoded ProcessingResponse. */
export interface Answer {
  /** The member of `oneof response`; null when there is none. */
  readonly member: AnswerMember | null;
  readonly modeOverride: ModeOverrideFields | null;
  readonly dynamicMetadata: { readonly [namespace: string]: unknown } | null;
  readonly overrideMessageTimeoutMs: number | null;
}
export type AnswerMember =
  | { readonly kind: "headers" | "body"; readonly which: Which; readonly common: CommonResponse }
  | { readonly kind: "trailers"; readonly which: Which; readonly mutation: HeaderMutation }
  | { readonly kind: "immediate"; readonly reply: ImmediateResponse }
  | { readonly kind: "streamed-immediate"; readonly part: StreamedImmediatePart };

export interface CommonResponse {
  /** CONTINUE_AND_REPLACE. */
  readonly replace: boolean;
  /** Null: no `header_mutation` at all. */
  readonly mutation: HeaderMutation | null;
  readonly body: BodyMutation | null;
  readonly clearRouteCache: boolean;
}
export type BodyMutation =
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "clear" }
  | { readonly kind: "streamed"; readonly bytes: Uint8Array; readonly endOfStream: boolean };

export interface HeaderMutation {
  readonly removed: readonly string[];
  readonly set: readonly SetHeader[];
}
export interface SetHeader {
  readonly name: string;
  /** Of `raw_value`, the only one Envoy reads. */
  readonly value: string;
  readonly append: boolean;
  /** `value` was filled where Envoy reads `raw_value`. */
  readonly inValueField: boolean;
}
export interface ImmediateResponse {
  readonly status: number;
  readonly mutation: HeaderMutation;
  readonly body: Uint8Array;
  readonly grpcStatus: number | null;
  readonly details: string;
}
export type StreamedImmediatePart =
  | { readonly kind: "headers"; readonly lines: Lines; readonly endOfStream: boolean }
  | { readonly kind: "body"; readonly bytes: Uint8Array; readonly endOfStream: boolean }
  | { readonly kind: "trailers"; readonly lines: Lines };

/** `mode_override`: numbers as on the wire. Header modes: 0 keeps the configuration, 1 SEND, 2 SKIP. */
export interface ModeOverrideFields {
  readonly responseHeaders: number;
  readonly requestBody: number;
  readonly responseBody: number;
  readonly requestTrailers: number;
  readonly responseTrailers: number;
}

/** A message as it leaves Envoy: the request towards upstream, or the response towards the client. */
export interface HttpOutput {
  /** Null until they are released. */
  readonly lines: Lines | null;
  readonly chunks: readonly Uint8Array[];
  readonly trailers: Lines | null;
  /** Complete, in one piece. */
  readonly ended: boolean;
  /** Cut off: whoever receives it gets an error. */
  readonly reset: boolean;
}

/**
 * What Envoy would hold against an answer.
 *
 * - `spurious`: not what it waits for; the exchange fails with 500, or goes on without the server under `failure_mode_allow`.
 * - `processing-error`: legal in form, impossible in content; 500 in any case.
 * - `lost-body`: bytes of a body the server took and did not give back.
 * - `late`: sent after Envoy had what it needed; ignored, and a memory error in versions before CVE-2026-47207 was mended.
 * - `rejected`: a change of one header that is refused, everything else applies (`rejected_header_mutations`).
 * - `ignored`: a part that has no effect.
 */
export type IssueKind = "spurious" | "processing-error" | "lost-body" | "late" | "rejected" | "ignored";
export interface Issue {
  readonly kind: IssueKind;
  readonly text: string;
}

/** Whether Envoy's statistics would count it as a defect of the server. */
export function isViolation({ kind }: Issue): boolean {
  return kind !== "rejected" && kind !== "ignored";
}
