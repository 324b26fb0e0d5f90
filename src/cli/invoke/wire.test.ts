/** Both directions of the wire against an independent implementation of protobuf. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import protobuf from "protobufjs";
import { decodeResponse } from "./decode-response.ts";
import { encodeRequest } from "./encode-request.ts";
import { type ResponseObject, fromResponseObject, toRequestObject } from "./envoy-messages.test-support.ts";
import type { ProcessorRequest } from "./envoy/model.ts";

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith("google/") ? target : join(import.meta.dir, "../../../proto", target);
root.loadSync("envoy/service/ext_proc/v3/external_processor.proto");
const requestType = root.lookupType("envoy.service.ext_proc.v3.ProcessingRequest");
const responseType = root.lookupType("envoy.service.ext_proc.v3.ProcessingResponse");

const fields = [
  [":path", "/"],
  ["x-a", "\xe9"],
] as const;
const bare = { protocolConfig: null, observabilityMode: false };
const protocolConfig = {
  requestBodyMode: "BUFFERED",
  responseBodyMode: "FULL_DUPLEX_STREAMED",
  sendBodyWithoutWaitingForHeaderResponse: true,
} as const;

test.each<ProcessorRequest>([
  { ...bare, side: "request", phase: { kind: "headers", fields, endOfStream: true }, protocolConfig },
  { ...bare, side: "response", phase: { kind: "headers", fields, endOfStream: false } },
  { ...bare, side: "request", phase: { kind: "body", bytes: Buffer.from("abc"), endOfStream: true } },
  { ...bare, side: "response", phase: { kind: "body", bytes: Buffer.alloc(0), endOfStream: false } },
  { side: "response", phase: { kind: "trailers", fields }, protocolConfig: null, observabilityMode: true },
])("a message is read as it was meant: %#", (message) => {
  const encoded = encodeRequest(message, { attributes: {}, metadata: {} });
  const expected = requestType.create(requestType.fromObject(toRequestObject(message)));
  const plain = (decoded: protobuf.Message): object => requestType.toObject(decoded, { defaults: true, bytes: String });
  expect(plain(requestType.decode(encoded))).toEqual(plain(expected));
});

test("attributes go with the request headers, metadata with every message", () => {
  const context = { attributes: { "source.address": "127.0.0.1:9" }, metadata: { ns: { a: true } } };
  const members = (message: ProcessorRequest) => {
    const { attributes, metadataContext } = requestType.toObject(requestType.decode(encodeRequest(message, context)));
    return { attributes, metadataContext };
  };
  const metadataContext = { filterMetadata: { ns: { fields: { a: { boolValue: true } } } } };
  expect(members({ ...bare, side: "request", phase: { kind: "headers", fields, endOfStream: true } })).toEqual({
    attributes: { "envoy.filters.http.ext_proc": { fields: { "source.address": { stringValue: "127.0.0.1:9" } } } },
    metadataContext,
  });
  expect(members({ ...bare, side: "response", phase: { kind: "trailers", fields } })).toEqual({
    attributes: undefined,
    metadataContext,
  });
});

const mutation = {
  setHeaders: [
    { header: { key: "x-a", rawValue: Buffer.from("1") }, append: { value: true } },
    { header: { key: "b" } },
  ],
  removeHeaders: ["x-b"],
};

test.each<ResponseObject>([
  {},
  {
    requestHeaders: {
      response: {
        status: "CONTINUE_AND_REPLACE",
        headerMutation: mutation,
        bodyMutation: { body: Buffer.from("new") },
        clearRouteCache: true,
      },
    },
    modeOverride: { requestBodyMode: "BUFFERED", responseTrailerMode: "SEND", responseHeaderMode: "SKIP" },
  },
  { responseHeaders: {} },
  { requestBody: { response: { bodyMutation: { clearBody: true } } } },
  { responseBody: { response: { bodyMutation: { streamedResponse: { body: Buffer.from("x"), endOfStream: true } } } } },
  { requestTrailers: { headerMutation: mutation } },
  { responseTrailers: {} },
  {
    immediateResponse: {
      status: { code: 403 },
      headers: mutation,
      body: Buffer.from("no"),
      grpcStatus: { status: 7 },
      details: "gate",
    },
  },
  { streamedImmediateResponse: { headersResponse: { headers: { headers: [] }, endOfStream: true } } },
  { streamedImmediateResponse: { bodyResponse: { body: Buffer.from("x") } } },
  { streamedImmediateResponse: { trailersResponse: { headers: [{ key: "a", rawValue: Buffer.from("b") }] } } },
  { overrideMessageTimeout: { seconds: 1, nanos: 500_000_000 } },
])("an answer is read as it was meant: %#", (answer) => {
  const encoded = responseType.encode(responseType.fromObject(answer)).finish();
  expect(decodeResponse(encoded)).toEqual({ ...fromResponseObject(answer), dynamicMetadata: null });
});

test("dynamic metadata is shown as an object by namespace", () => {
  const dynamicMetadata = { fields: { ns: { structValue: { fields: { a: { numberValue: 1 } } } } } };
  const encoded = responseType.encode(responseType.fromObject({ requestHeaders: {}, dynamicMetadata })).finish();
  expect(decodeResponse(encoded).dynamicMetadata).toEqual({ ns: { a: 1 } });
});
