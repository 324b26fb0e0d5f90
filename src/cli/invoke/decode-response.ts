/** envoy.service.ext_proc.v3.ProcessingResponse into the model's message: every field of it that Envoy reads. */
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { WireReader } from "../../protobuf/reader.ts";
import { BodyMode } from "../../triggers/extproc/body-mode.ts";
import type {
  BodyMutation,
  BodySendMode,
  CommonResponse,
  HeaderField,
  HeaderFields,
  HeaderMutation,
  ModeOverride,
  ProcessorAnswer,
  ProcessorResponse,
  RequestPhase,
  Side,
} from "./envoy/model.ts";

/** `dynamicMetadata` has no part in the state machine: namespace to object. */
export interface DecodedResponse extends ProcessorResponse {
  readonly dynamicMetadata: { readonly [namespace: string]: unknown } | null;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** @throws WireError when the bytes are no ProcessingResponse; Envoy ends the stream with INTERNAL then. */
export function decodeResponse(bytes: Uint8Array): DecodedResponse {
  let answer: ProcessorAnswer | null = null;
  let modeOverride: ModeOverride | null = null;
  let dynamicMetadata: DecodedResponse["dynamicMetadata"] = null;
  let overrideMessageTimeoutMs: number | null = null;
  eachField(bytes, {
    0x0a: (reader) => (answer = commonAnswer("headers", "request", reader)),
    0x12: (reader) => (answer = commonAnswer("headers", "response", reader)),
    0x1a: (reader) => (answer = commonAnswer("body", "request", reader)),
    0x22: (reader) => (answer = commonAnswer("body", "response", reader)),
    0x2a: (reader) => (answer = trailersAnswer("request", reader)),
    0x32: (reader) => (answer = trailersAnswer("response", reader)),
    0x3a: (reader) => (answer = decodeImmediate(reader.view())),
    0x5a: (reader) => {
      const part = decodeStreamedImmediate(reader.view());
      if (part !== null) answer = { kind: "streamedImmediate", part };
    },
    0x42: (reader) => (dynamicMetadata = Struct.deserializeBinary(reader.view()).toJavaScript()),
    0x4a: (reader) => (modeOverride = decodeModeOverride(reader.view())),
    0x52: (reader) => (overrideMessageTimeoutMs = decodeDurationMs(reader.view())),
  });
  return { answer, modeOverride, dynamicMetadata, overrideMessageTimeoutMs };
}

type FieldReaders = Readonly<Record<number, (reader: WireReader) => unknown>>;

/** Calls the reader of each known tag, in order; unknown fields are skipped. */
function eachField(bytes: Uint8Array, fields: FieldReaders): void {
  const reader = new WireReader();
  reader.reset(bytes);
  while (reader.position < reader.end) {
    const tag = reader.tag();
    const read = fields[tag];
    if (read === undefined) reader.skip(tag);
    else read(reader);
  }
}

function commonAnswer(kind: "headers" | "body", side: Side, reader: WireReader): ProcessorAnswer {
  let common: CommonResponse = { status: "CONTINUE", headerMutation: null, bodyMutation: null, clearRouteCache: false };
  eachField(reader.view(), { 0x0a: (inner) => (common = decodeCommon(inner.view())) });
  return { kind, side, common };
}

function trailersAnswer(side: Side, reader: WireReader): ProcessorAnswer {
  let mutation: HeaderMutation | null = null;
  eachField(reader.view(), { 0x0a: (inner) => (mutation = decodeMutation(inner.view())) });
  return { kind: "trailers", side, mutation };
}

function decodeCommon(bytes: Uint8Array): CommonResponse {
  let status: CommonResponse["status"] = "CONTINUE";
  let headerMutation: HeaderMutation | null = null;
  let bodyMutation: BodyMutation | null = null;
  let clearRouteCache = false;
  eachField(bytes, {
    0x08: (reader) => (status = reader.uint32() === 1 ? "CONTINUE_AND_REPLACE" : "CONTINUE"),
    0x12: (reader) => (headerMutation = decodeMutation(reader.view())),
    0x1a: (reader) => (bodyMutation = decodeBodyMutation(reader.view())),
    0x28: (reader) => (clearRouteCache = reader.bool()),
  });
  return { status, headerMutation, bodyMutation, clearRouteCache };
}

function decodeBodyMutation(bytes: Uint8Array): BodyMutation | null {
  let mutation: BodyMutation | null = null;
  eachField(bytes, {
    0x0a: (reader) => (mutation = { kind: "body", bytes: reader.view() }),
    0x10: (reader) => (mutation = { kind: "clearBody", clear: reader.bool() }),
    0x1a: (reader) => (mutation = { kind: "streamed", ...decodeStreamedBody(reader.view()) }),
  });
  return mutation;
}

function decodeStreamedBody(bytes: Uint8Array): { bytes: Uint8Array; endOfStream: boolean } {
  let body = EMPTY;
  let endOfStream = false;
  eachField(bytes, {
    0x0a: (reader) => (body = reader.view()),
    0x10: (reader) => (endOfStream = reader.bool()),
  });
  return { bytes: body, endOfStream };
}

function decodeMutation(bytes: Uint8Array): HeaderMutation {
  const set: { name: string; value: string; append: boolean }[] = [];
  const remove: string[] = [];
  eachField(bytes, {
    0x0a: (reader) => set.push(decodeSetHeader(reader.view())),
    0x12: (reader) => remove.push(latin1(reader.view())),
  });
  return { set, remove };
}

function decodeSetHeader(bytes: Uint8Array): HeaderMutation["set"][number] {
  let header: HeaderField = ["", ""];
  let append = false;
  eachField(bytes, {
    0x0a: (reader) => (header = decodeHeaderValue(reader.view())),
    0x12: (reader) => eachField(reader.view(), { 0x08: (inner) => (append = inner.bool()) }),
  });
  const [name, value] = header;
  return { name, value, append };
}

/** Envoy reads `raw_value` and never `value`. */
function decodeHeaderValue(bytes: Uint8Array): HeaderField {
  let name = "";
  let value = "";
  eachField(bytes, {
    0x0a: (reader) => (name = latin1(reader.view())),
    0x1a: (reader) => (value = latin1(reader.view())),
  });
  return [name, value];
}

function decodeImmediate(bytes: Uint8Array): ProcessorAnswer {
  let status = 200;
  let mutation: HeaderMutation | null = null;
  let body = EMPTY;
  let grpcStatus: number | null = null;
  let details = "";
  eachField(bytes, {
    0x0a: (reader) => eachField(reader.view(), { 0x08: (inner) => (status = inner.uint32()) }),
    0x12: (reader) => (mutation = decodeMutation(reader.view())),
    0x1a: (reader) => (body = reader.view()),
    0x22: (reader) => {
      grpcStatus = 0;
      eachField(reader.view(), { 0x08: (inner) => (grpcStatus = inner.uint32()) });
    },
    0x2a: (reader) => (details = reader.string()),
  });
  return { kind: "immediate", status, mutation, body, grpcStatus, details };
}

function decodeStreamedImmediate(bytes: Uint8Array): RequestPhase | null {
  let part: RequestPhase | null = null;
  eachField(bytes, {
    0x0a: (reader) => {
      let fields: HeaderFields = [];
      let endOfStream = false;
      eachField(reader.view(), {
        0x0a: (inner) => (fields = decodeHeaderMap(inner.view())),
        0x18: (inner) => (endOfStream = inner.bool()),
      });
      part = { kind: "headers", fields, endOfStream };
    },
    0x12: (reader) => (part = { kind: "body", ...decodeStreamedBody(reader.view()) }),
    0x1a: (reader) => (part = { kind: "trailers", fields: decodeHeaderMap(reader.view()) }),
  });
  return part;
}

function decodeHeaderMap(bytes: Uint8Array): HeaderFields {
  const fields: HeaderField[] = [];
  eachField(bytes, { 0x0a: (reader) => fields.push(decodeHeaderValue(reader.view())) });
  return fields;
}

function decodeModeOverride(bytes: Uint8Array): ModeOverride {
  const modes = { responseHeaders: 0, requestBody: 0, responseBody: 0, requestTrailers: 0, responseTrailers: 0 };
  eachField(bytes, {
    0x10: (reader) => (modes.responseHeaders = reader.uint32()),
    0x18: (reader) => (modes.requestBody = reader.uint32()),
    0x20: (reader) => (modes.responseBody = reader.uint32()),
    0x28: (reader) => (modes.requestTrailers = reader.uint32()),
    0x30: (reader) => (modes.responseTrailers = reader.uint32()),
  });
  return {
    responseHeaderMode: toHeaderMode(modes.responseHeaders),
    requestTrailerMode: toHeaderMode(modes.requestTrailers),
    responseTrailerMode: toHeaderMode(modes.responseTrailers),
    requestBodyMode: toBodyMode(modes.requestBody),
    responseBodyMode: toBodyMode(modes.responseBody),
  };
}

function toHeaderMode(value: number): ModeOverride["responseHeaderMode"] {
  if (value === 0) return "DEFAULT";
  return value === 1 ? "SEND" : "SKIP";
}

/** GRPC is a mode other data planes have; Envoy passes such bodies by. */
function toBodyMode(value: number): BodySendMode {
  const names: readonly BodySendMode[] = ["NONE", "STREAMED", "BUFFERED", "BUFFERED_PARTIAL", "FULL_DUPLEX_STREAMED"];
  return names.find((name) => BodyMode[name] === value) ?? "NONE";
}

function decodeDurationMs(bytes: Uint8Array): number {
  let seconds = 0;
  let nanos = 0;
  eachField(bytes, {
    0x08: (reader) => (seconds = Number(reader.int64())),
    0x10: (reader) => (nanos = reader.int32()),
  });
  return seconds * 1000 + nanos / 1_000_000;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
