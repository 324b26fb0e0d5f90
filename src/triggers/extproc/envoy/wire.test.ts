/** Both directions of the wire against an independent implementation of protobuf. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import protobuf from "protobufjs";
import type { Answer, EnvoyMessage } from "./contract.ts";
import { decodeAnswer } from "./decode-answer.ts";
import { encodeMessage } from "./encode-message.ts";

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith("google/") ? target : join(import.meta.dir, "../../../../proto", target);
root.loadSync("envoy/service/ext_proc/v3/external_processor.proto");
const requestType = root.lookupType("envoy.service.ext_proc.v3.ProcessingRequest");
const responseType = root.lookupType("envoy.service.ext_proc.v3.ProcessingResponse");

const bare = { metadata: {}, observabilityMode: false };
const rawValue = (value: string) => Buffer.from(value, "latin1").toString("base64");

test.each<readonly [EnvoyMessage, object]>([
  [
    {
      ...bare,
      which: "request",
      phase: "headers",
      lines: [
        [":path", "/"],
        ["x-a", "\xe9"],
      ],
      endOfStream: true,
      protocolConfig: { requestBody: 2, responseBody: 4, sendBodyWithoutWaitingForHeaderResponse: true },
      attributes: { "source.address": "127.0.0.1:9" },
    },
    {
      requestHeaders: {
        headers: {
          headers: [
            { key: ":path", rawValue: rawValue("/") },
            { key: "x-a", rawValue: rawValue("\xe9") },
          ],
        },
        endOfStream: true,
      },
      metadataContext: {},
      attributes: { "envoy.filters.http.ext_proc": { fields: { "source.address": { stringValue: "127.0.0.1:9" } } } },
      protocolConfig: {
        requestBodyMode: "BUFFERED",
        responseBodyMode: "FULL_DUPLEX_STREAMED",
        sendBodyWithoutWaitingForHeaderResponse: true,
      },
    },
  ],
  [
    { ...bare, which: "response", phase: "body", body: Buffer.from("abc"), endOfStream: true },
    { responseBody: { body: Buffer.from("abc").toString("base64"), endOfStream: true }, metadataContext: {} },
  ],
  [
    {
      which: "response",
      phase: "trailers",
      lines: [["x-t", "1"]],
      metadata: { ns: { a: true } },
      observabilityMode: true,
    },
    {
      responseTrailers: { trailers: { headers: [{ key: "x-t", rawValue: rawValue("1") }] } },
      metadataContext: { filterMetadata: { ns: { fields: { a: { boolValue: true } } } } },
      observabilityMode: true,
    },
  ],
])("a message is read as it was meant: %#", (message, expected) => {
  const decoded = requestType.decode(encodeMessage(message));
  expect(requestType.toObject(decoded, { enums: String, bytes: String })).toEqual(expected);
});

const nothing = { modeOverride: null, dynamicMetadata: null, overrideMessageTimeoutMs: null };
const setHeader = {
  header: { key: "X-A", rawValue: Buffer.from("1") },
  append: { value: true },
};

test.each<readonly [object, Answer]>([
  [{}, { ...nothing, member: null }],
  [
    {
      requestHeaders: {
        response: {
          status: "CONTINUE_AND_REPLACE",
          headerMutation: { setHeaders: [setHeader], removeHeaders: ["X-B"] },
          bodyMutation: { body: Buffer.from("new") },
          clearRouteCache: true,
        },
      },
      modeOverride: { requestBodyMode: "BUFFERED", responseTrailerMode: "SEND" },
      dynamicMetadata: { fields: { ns: { structValue: { fields: { a: { numberValue: 1 } } } } } },
    },
    {
      member: {
        kind: "headers",
        which: "request",
        common: {
          replace: true,
          mutation: { set: [{ name: "x-a", value: "1", append: true, inValueField: false }], removed: ["x-b"] },
          body: { kind: "body", bytes: Buffer.from("new") },
          clearRouteCache: true,
        },
      },
      modeOverride: { responseHeaders: 0, requestBody: 2, responseBody: 0, requestTrailers: 0, responseTrailers: 1 },
      dynamicMetadata: { ns: { a: 1 } },
      overrideMessageTimeoutMs: null,
    },
  ],
  [
    {
      responseBody: { response: { bodyMutation: { streamedResponse: { body: Buffer.from("x"), endOfStream: true } } } },
    },
    {
      ...nothing,
      member: {
        kind: "body",
        which: "response",
        common: {
          replace: false,
          mutation: null,
          body: { kind: "streamed", bytes: Buffer.from("x"), endOfStream: true },
          clearRouteCache: false,
        },
      },
    },
  ],
  [
    { responseTrailers: { headerMutation: { setHeaders: [{ header: { key: "a", value: "only value" } }] } } },
    {
      ...nothing,
      member: {
        kind: "trailers",
        which: "response",
        mutation: { set: [{ name: "a", value: "", append: false, inValueField: true }], removed: [] },
      },
    },
  ],
  [
    {
      immediateResponse: { status: { code: 403 }, body: Buffer.from("no"), grpcStatus: { status: 7 }, details: "gate" },
    },
    {
      ...nothing,
      member: {
        kind: "immediate",
        reply: {
          status: 403,
          mutation: { set: [], removed: [] },
          body: Buffer.from("no"),
          grpcStatus: 7,
          details: "gate",
        },
      },
    },
  ],
  [
    { overrideMessageTimeout: { seconds: 1, nanos: 500_000_000 } },
    { ...nothing, member: null, overrideMessageTimeoutMs: 1500 },
  ],
])("an answer is read as it was meant: %#", (answer, expected) => {
  const encoded = responseType.encode(responseType.fromObject(answer)).finish();
  expect(decodeAnswer(encoded)).toEqual(expected);
});

test("the parts of a StreamedImmediateResponse, where the published field numbers are", () => {
  const streamed = (part: number[]) => decodeAnswer(Uint8Array.from([0x5a, part.length, ...part])).member;
  // headers_response { headers { headers { key: "a" raw_value: "b" } } end_of_stream: true }
  const headers = [0x0a, 12, 0x0a, 8, 0x0a, 6, 0x0a, 1, 0x61, 0x1a, 1, 0x62, 0x18, 1];
  expect(streamed(headers)).toEqual({
    kind: "streamed-immediate",
    part: { kind: "headers", lines: [["a", "b"]], endOfStream: true },
  });
  expect(streamed([0x12, 3, 0x0a, 1, 0x62])).toEqual({
    kind: "streamed-immediate",
    part: { kind: "body", bytes: Buffer.from("b"), endOfStream: false },
  });
});
