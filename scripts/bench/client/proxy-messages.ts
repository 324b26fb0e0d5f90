/** The ProcessingRequests of one exchange, byte for byte in the form Envoy 1.40 sends them. */
import type { Phase, Workload } from "../workloads.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** Field numbers of ProcessingRequest. */
const memberNumber: Readonly<Record<Phase, number>> = {
  request_headers: 2,
  response_headers: 3,
  request_body: 4,
  response_body: 5,
};
/** Field numbers of ProcessingResponse: what the first byte of an answer tells. */
export const answerTag: Readonly<Record<Phase, number>> = {
  request_headers: 0x0a,
  response_headers: 0x12,
  request_body: 0x1a,
  response_body: 0x22,
};
/** BodySendMode. */
const bodyMode: Readonly<Record<string, number>> = { NONE: 0, STREAMED: 1, BUFFERED: 2, FULL_DUPLEX_STREAMED: 4 };

const bodyBytes = 1024;

/** One serialised message per phase of the workload. */
export function proxyMessages(workload: Workload): Uint8Array[] {
  return workload.phases.map((phase, index) =>
    concat([
      lengthDelimited(memberNumber[phase], messageOf(phase, workload)),
      lengthDelimited(8, new Uint8Array(0)), // metadata_context, which Envoy always writes
      index === 0 ? lengthDelimited(11, protocolConfig(workload)) : new Uint8Array(0),
    ]),
  );
}

function messageOf(phase: Phase, workload: Workload): Uint8Array {
  switch (phase) {
    case "request_headers":
      return httpHeaders(requestFields(workload), !workload.phases.includes("request_body"));
    case "response_headers":
      return httpHeaders(responseFields(workload), false);
    case "request_body":
      return httpBody(bodyBytes);
    case "response_body":
      return httpBody(workload.responseBytes);
  }
}

function requestFields(workload: Workload): Fields {
  const hasBody = workload.phases.includes("request_body");
  return [
    [":authority", "127.0.0.1:10000"],
    [":path", "/"],
    [":method", hasBody ? "POST" : "GET"],
    [":scheme", "http"],
    ["user-agent", "bench"],
    ...(hasBody ? ([["content-length", `${bodyBytes}`]] as const) : []),
    ["x-forwarded-proto", "http"],
    ["x-request-id", "221f8575-4c41-405e-925b-71b098e69a2d"],
  ];
}

function responseFields(workload: Workload): Fields {
  return [
    [":status", "200"],
    ["content-type", "text/plain"],
    ["content-length", `${workload.responseBytes}`],
    ["x-envoy-upstream-service-time", "0"],
  ];
}

function protocolConfig(workload: Workload): Uint8Array {
  const modes = [workload.processingMode["request_body_mode"], workload.processingMode["response_body_mode"]];
  return concat(modes.map((mode, index) => varintField(index + 1, bodyMode[mode ?? "NONE"] ?? 0)));
}

function httpHeaders(fields: Fields, endOfStream: boolean): Uint8Array {
  const values = fields.map(([name, value]) =>
    lengthDelimited(1, concat([lengthDelimited(1, Buffer.from(name)), lengthDelimited(3, Buffer.from(value))])),
  );
  return concat([lengthDelimited(1, concat(values)), varintField(3, endOfStream ? 1 : 0)]);
}

function httpBody(bytes: number): Uint8Array {
  return concat([lengthDelimited(1, Buffer.alloc(bytes, "x")), varintField(2, 1)]);
}

function lengthDelimited(field: number, bytes: Uint8Array): Uint8Array {
  return concat([Uint8Array.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);
}

/** A scalar with its default value is not written (proto3). */
function varintField(field: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array(0) : Uint8Array.from([field << 3, ...varint(value)]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
