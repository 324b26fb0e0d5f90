/**
 * Between the messages of the model and their protobuf objects, as protobufjs and `@grpc/proto-loader` make them: camelCase
 * names, enums as strings, bytes as Uint8Array, only the members that are set.
 */
import { STATUS_CODES } from "node:http";
import type {
  BodyMutation,
  BodySendMode,
  CommonResponse,
  HeaderFields,
  HeaderMutation,
  HeaderSendMode,
  ModeOverride,
  ProcessorAnswer,
  ProcessorRequest,
  ProcessorResponse,
  RequestPhase,
  Side,
} from "./envoy/model.ts";

/** A decoded ProcessingResponse. */
export interface ResponseObject {
  readonly requestHeaders?: CommonHolder;
  readonly responseHeaders?: CommonHolder;
  readonly requestBody?: CommonHolder;
  readonly responseBody?: CommonHolder;
  readonly requestTrailers?: { readonly headerMutation?: MutationObject };
  readonly responseTrailers?: { readonly headerMutation?: MutationObject };
  readonly immediateResponse?: {
    readonly status?: { readonly code?: string | number };
    readonly headers?: MutationObject;
    readonly body?: Uint8Array;
    readonly grpcStatus?: { readonly status?: number };
    readonly details?: string;
  };
  readonly streamedImmediateResponse?: {
    readonly headersResponse?: { readonly headers?: HeaderMapObject; readonly endOfStream?: boolean };
    readonly bodyResponse?: StreamedBodyObject;
    readonly trailersResponse?: HeaderMapObject;
  };
  readonly modeOverride?: {
    readonly responseHeaderMode?: HeaderSendMode | "DEFAULT";
    readonly requestTrailerMode?: HeaderSendMode | "DEFAULT";
    readonly responseTrailerMode?: HeaderSendMode | "DEFAULT";
    readonly requestBodyMode?: BodySendMode;
    readonly responseBodyMode?: BodySendMode;
  };
  readonly overrideMessageTimeout?: { readonly seconds?: number | string; readonly nanos?: number };
}

interface CommonHolder {
  readonly response?: {
    readonly status?: "CONTINUE" | "CONTINUE_AND_REPLACE";
    readonly headerMutation?: MutationObject;
    readonly bodyMutation?: {
      readonly body?: Uint8Array;
      readonly clearBody?: boolean;
      readonly streamedResponse?: StreamedBodyObject;
    };
    readonly clearRouteCache?: boolean;
  };
}

interface MutationObject {
  readonly setHeaders?: readonly {
    readonly header?: HeaderObject;
    readonly append?: { readonly value?: boolean };
  }[];
  readonly removeHeaders?: readonly string[];
}

interface HeaderMapObject {
  readonly headers?: readonly HeaderObject[];
}

interface HeaderObject {
  readonly key?: string;
  readonly rawValue?: Uint8Array;
}

interface StreamedBodyObject {
  readonly body?: Uint8Array;
  readonly endOfStream?: boolean;
}

const EMPTY: Uint8Array = new Uint8Array(0);
const MEMBERS: Readonly<Record<Side, Readonly<Record<RequestPhase["kind"], string>>>> = {
  request: { headers: "requestHeaders", body: "requestBody", trailers: "requestTrailers" },
  response: { headers: "responseHeaders", body: "responseBody", trailers: "responseTrailers" },
};

/** A ProcessingRequest; header values travel as `raw_value`, as Envoy sends them. */
export function toRequestObject({ side, phase, protocolConfig, observabilityMode }: ProcessorRequest): object {
  return {
    [MEMBERS[side][phase.kind]]: toPhaseObject(phase),
    metadataContext: {},
    ...(protocolConfig === null ? {} : { protocolConfig }),
    ...(observabilityMode ? { observabilityMode } : {}),
  };
}

export function fromResponseObject(response: ResponseObject): ProcessorResponse {
  const { modeOverride, overrideMessageTimeout } = response;
  return {
    answer: toAnswer(response),
    modeOverride: modeOverride === undefined ? null : toModeOverride(modeOverride),
    overrideMessageTimeoutMs:
      overrideMessageTimeout === undefined
        ? null
        : Number(overrideMessageTimeout.seconds ?? 0) * 1000 + (overrideMessageTimeout.nanos ?? 0) / 1_000_000,
  };
}

function toPhaseObject(phase: RequestPhase): object {
  switch (phase.kind) {
    case "headers":
      return { headers: toHeaderMap(phase.fields), endOfStream: phase.endOfStream };
    case "body":
      return { body: phase.bytes, endOfStream: phase.endOfStream };
    case "trailers":
      return { trailers: toHeaderMap(phase.fields) };
  }
}

function toHeaderMap(fields: HeaderFields): object {
  return { headers: fields.map(([key, value]) => ({ key, rawValue: Buffer.from(value, "latin1") })) };
}

function toAnswer(response: ResponseObject): ProcessorAnswer | null {
  for (const side of ["request", "response"] as const) {
    const headers = side === "request" ? response.requestHeaders : response.responseHeaders;
    if (headers !== undefined) return { kind: "headers", side, common: toCommon(headers) };
    const body = side === "request" ? response.requestBody : response.responseBody;
    if (body !== undefined) return { kind: "body", side, common: toCommon(body) };
    const trailers = side === "request" ? response.requestTrailers : response.responseTrailers;
    if (trailers !== undefined) return { kind: "trailers", side, mutation: toMutation(trailers.headerMutation) };
  }
  const { immediateResponse, streamedImmediateResponse } = response;
  if (immediateResponse !== undefined) {
    const { status, headers, body, grpcStatus, details } = immediateResponse;
    return {
      kind: "immediate",
      status: toStatus(status?.code),
      mutation: toMutation(headers),
      body: body ?? EMPTY,
      grpcStatus: grpcStatus === undefined ? null : (grpcStatus.status ?? 0),
      details: details ?? "",
    };
  }
  if (streamedImmediateResponse === undefined) return null;
  const { headersResponse, bodyResponse, trailersResponse } = streamedImmediateResponse;
  if (headersResponse !== undefined) {
    const { headers, endOfStream = false } = headersResponse;
    return { kind: "streamedImmediate", part: { kind: "headers", fields: toFields(headers), endOfStream } };
  }
  if (bodyResponse !== undefined) {
    const { body = EMPTY, endOfStream = false } = bodyResponse;
    return { kind: "streamedImmediate", part: { kind: "body", bytes: body, endOfStream } };
  }
  return { kind: "streamedImmediate", part: { kind: "trailers", fields: toFields(trailersResponse) } };
}

/** `StatusCode` comes by number, or by its name in the enum: 404 is "NotFound". */
function toStatus(code: string | number | undefined): number {
  if (typeof code === "number") return code;
  const entry = Object.entries(STATUS_CODES).find(([, text]) => text?.replaceAll(/[^A-Za-z]/g, "") === code);
  return entry === undefined ? 200 : Number(entry[0]);
}

function toCommon({ response = {} }: CommonHolder): CommonResponse {
  const { status = "CONTINUE", headerMutation, bodyMutation, clearRouteCache = false } = response;
  return {
    status,
    headerMutation: toMutation(headerMutation),
    bodyMutation: bodyMutation === undefined ? null : toBodyMutation(bodyMutation),
    clearRouteCache,
  };
}

function toBodyMutation(mutation: {
  readonly body?: Uint8Array;
  readonly clearBody?: boolean;
  readonly streamedResponse?: StreamedBodyObject;
}): BodyMutation | null {
  const { body, clearBody, streamedResponse } = mutation;
  if (body !== undefined) return { kind: "body", bytes: body };
  if (clearBody !== undefined) return { kind: "clearBody", clear: clearBody };
  if (streamedResponse === undefined) return null;
  return {
    kind: "streamed",
    bytes: streamedResponse.body ?? EMPTY,
    endOfStream: streamedResponse.endOfStream ?? false,
  };
}

function toMutation(mutation: MutationObject | undefined): HeaderMutation | null {
  if (mutation === undefined) return null;
  const set = (mutation.setHeaders ?? []).map(({ header, append }) => ({
    name: header?.key ?? "",
    value: latin1(header?.rawValue),
    append: append?.value ?? false,
  }));
  return { set, remove: [...(mutation.removeHeaders ?? [])] };
}

function toFields(map: HeaderMapObject | undefined): HeaderFields {
  return (map?.headers ?? []).map(({ key, rawValue }) => [key ?? "", latin1(rawValue)]);
}

function toModeOverride(mode: NonNullable<ResponseObject["modeOverride"]>): ModeOverride {
  return {
    responseHeaderMode: mode.responseHeaderMode ?? "DEFAULT",
    requestTrailerMode: mode.requestTrailerMode ?? "DEFAULT",
    responseTrailerMode: mode.responseTrailerMode ?? "DEFAULT",
    requestBodyMode: mode.requestBodyMode ?? "NONE",
    responseBodyMode: mode.responseBodyMode ?? "NONE",
  };
}

function latin1(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : Buffer.from(bytes).toString("latin1");
}
