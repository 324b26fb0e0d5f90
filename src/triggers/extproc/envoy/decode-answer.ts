/** envoy.service.ext_proc.v3.ProcessingResponse, every field of it that Envoy 1.40 reads. */
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { WireReader } from "../../../protobuf/reader.ts";
import type {
  Answer,
  AnswerMember,
  BodyMutation,
  CommonResponse,
  HeaderMutation,
  ImmediateResponse,
  Lines,
  ModeOverrideFields,
  SetHeader,
  StreamedImmediatePart,
  Which,
} from "./contract.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const NO_MUTATION: HeaderMutation = { removed: [], set: [] };

/** @throws WireError when the bytes are no ProcessingResponse; Envoy ends the stream with INTERNAL then. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  let member: AnswerMember | null = null;
  let modeOverride: ModeOverrideFields | null = null;
  let dynamicMetadata: Answer["dynamicMetadata"] = null;
  let overrideMessageTimeoutMs: number | null = null;
  eachField(bytes, {
    0x0a: (reader) => (member = commonMember("headers", "request", reader)),
    0x12: (reader) => (member = commonMember("headers", "response", reader)),
    0x1a: (reader) => (member = commonMember("body", "request", reader)),
    0x22: (reader) => (member = commonMember("body", "response", reader)),
    0x2a: (reader) => (member = trailersMember("request", reader)),
    0x32: (reader) => (member = trailersMember("response", reader)),
    0x3a: (reader) => (member = { kind: "immediate", reply: decodeImmediate(reader.view()) }),
    0x5a: (reader) => {
      const part = decodeStreamedImmediate(reader.view());
      if (part !== null) member = { kind: "streamed-immediate", part };
    },
    0x42: (reader) => (dynamicMetadata = Struct.deserializeBinary(reader.view()).toJavaScript()),
    0x4a: (reader) => (modeOverride = decodeModeOverride(reader.view())),
    0x52: (reader) => (overrideMessageTimeoutMs = decodeDurationMs(reader.view())),
  });
  return { member, modeOverride, dynamicMetadata, overrideMessageTimeoutMs };
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

function commonMember(kind: "headers" | "body", which: Which, reader: WireReader): AnswerMember {
  let common: CommonResponse = { replace: false, mutation: null, body: null, clearRouteCache: false };
  eachField(reader.view(), { 0x0a: (inner) => (common = decodeCommon(inner.view())) });
  return { kind, which, common };
}

function trailersMember(which: Which, reader: WireReader): AnswerMember {
  let mutation = NO_MUTATION;
  eachField(reader.view(), { 0x0a: (inner) => (mutation = decodeMutation(inner.view())) });
  return { kind: "trailers", which, mutation };
}

function decodeCommon(bytes: Uint8Array): CommonResponse {
  let replace = false;
  let mutation: HeaderMutation | null = null;
  let body: BodyMutation | null = null;
  let clearRouteCache = false;
  eachField(bytes, {
    0x08: (reader) => (replace = reader.uint32() === 1),
    0x12: (reader) => (mutation = decodeMutation(reader.view())),
    0x1a: (reader) => (body = decodeBodyMutation(reader.view())),
    0x28: (reader) => (clearRouteCache = reader.bool()),
  });
  return { replace, mutation, body, clearRouteCache };
}

function decodeBodyMutation(bytes: Uint8Array): BodyMutation | null {
  let mutation: BodyMutation | null = null;
  eachField(bytes, {
    0x0a: (reader) => (mutation = { kind: "body", bytes: reader.view() }),
    0x10: (reader) => {
      if (reader.bool()) mutation = { kind: "clear" };
    },
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
  const set: SetHeader[] = [];
  const removed: string[] = [];
  eachField(bytes, {
    0x0a: (reader) => set.push(decodeSetHeader(reader.view())),
    0x12: (reader) => removed.push(latin1(reader.view()).toLowerCase()),
  });
  return { removed, set };
}

function decodeSetHeader(bytes: Uint8Array): SetHeader {
  let header: Omit<SetHeader, "append"> = { name: "", value: "", inValueField: false };
  let append = false;
  eachField(bytes, {
    0x0a: (reader) => (header = decodeHeaderValue(reader.view())),
    0x12: (reader) => eachField(reader.view(), { 0x08: (inner) => (append = inner.bool()) }),
  });
  return { ...header, append };
}

function decodeHeaderValue(bytes: Uint8Array): Omit<SetHeader, "append"> {
  let name = "";
  let value = "";
  let rawValue = "";
  eachField(bytes, {
    0x0a: (reader) => (name = latin1(reader.view()).toLowerCase()),
    0x12: (reader) => (value = latin1(reader.view())),
    0x1a: (reader) => (rawValue = latin1(reader.view())),
  });
  return { name, value: rawValue, inValueField: value !== "" && rawValue === "" };
}

function decodeImmediate(bytes: Uint8Array): ImmediateResponse {
  let status = 200;
  let mutation = NO_MUTATION;
  let body = EMPTY;
  let grpcStatus: number | null = null;
  let details = "";
  eachField(bytes, {
    0x0a: (reader) => eachField(reader.view(), { 0x08: (inner) => (status = Math.max(200, inner.uint32())) }),
    0x12: (reader) => (mutation = decodeMutation(reader.view())),
    0x1a: (reader) => (body = reader.view()),
    0x22: (reader) => {
      grpcStatus = 0;
      eachField(reader.view(), { 0x08: (inner) => (grpcStatus = inner.uint32()) });
    },
    0x2a: (reader) => (details = reader.string()),
  });
  return { status, mutation, body, grpcStatus, details };
}

function decodeStreamedImmediate(bytes: Uint8Array): StreamedImmediatePart | null {
  let part: StreamedImmediatePart | null = null;
  eachField(bytes, {
    0x0a: (reader) => {
      let lines: Lines = [];
      let endOfStream = false;
      eachField(reader.view(), {
        0x0a: (inner) => (lines = decodeHeaderMap(inner.view())),
        0x18: (inner) => (endOfStream = inner.bool()),
      });
      part = { kind: "headers", lines, endOfStream };
    },
    0x12: (reader) => (part = { kind: "body", ...decodeStreamedBody(reader.view()) }),
    0x1a: (reader) => (part = { kind: "trailers", lines: decodeHeaderMap(reader.view()) }),
  });
  return part;
}

function decodeHeaderMap(bytes: Uint8Array): Lines {
  const lines: [string, string][] = [];
  eachField(bytes, {
    0x0a: (reader) => {
      const { name, value } = decodeHeaderValue(reader.view());
      lines.push([name, value]);
    },
  });
  return lines;
}

function decodeModeOverride(bytes: Uint8Array): ModeOverrideFields {
  const modes = { responseHeaders: 0, requestBody: 0, responseBody: 0, requestTrailers: 0, responseTrailers: 0 };
  eachField(bytes, {
    0x10: (reader) => (modes.responseHeaders = reader.uint32()),
    0x18: (reader) => (modes.requestBody = reader.uint32()),
    0x20: (reader) => (modes.responseBody = reader.uint32()),
    0x28: (reader) => (modes.requestTrailers = reader.uint32()),
    0x30: (reader) => (modes.responseTrailers = reader.uint32()),
  });
  return modes;
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
