/** Wire forms of the messages in proto/grpc/testing/messages.proto, as far as the test service reads and writes them. */
import { WireReader } from "../../src/protobuf/reader.ts";
import { WireWriter } from "../../src/protobuf/writer.ts";

export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

/** A SimpleRequest or StreamingOutputCallRequest: the fields that matter have the same numbers in both but for the sizes. */
export interface TestRequest {
  /** Sizes of the responses asked for, with the pause before each. */
  readonly responses: readonly ResponseParameters[];
  readonly status: EchoStatus | null;
}

export interface ResponseParameters {
  readonly bytes: number;
  readonly pauseMs: number;
}

export function decodeSimpleRequest(bytes: Uint8Array): TestRequest {
  let size = 0;
  let status: EchoStatus | null = null;
  readFields(new WireReader(bytes), (reader, tag) => {
    if (tag === 0x10) size = reader.int32();
    else if (tag === 0x3a) status = decodeEchoStatus(reader);
    else reader.skip(tag);
  });
  return { responses: [{ bytes: size, pauseMs: 0 }], status };
}

export function decodeStreamingOutputCallRequest(bytes: Uint8Array): TestRequest {
  const responses: ResponseParameters[] = [];
  let status: EchoStatus | null = null;
  readFields(new WireReader(bytes), (reader, tag) => {
    if (tag === 0x12) responses.push(decodeResponseParameters(reader));
    else if (tag === 0x3a) status = decodeEchoStatus(reader);
    else reader.skip(tag);
  });
  return { responses, status };
}

/** The size of the payload of a StreamingInputCallRequest. */
export function decodeStreamingInputCallRequest(bytes: Uint8Array): number {
  let size = 0;
  readFields(new WireReader(bytes), (reader, tag) => {
    if (tag !== 0x0a) return reader.skip(tag);
    readNested(reader, (payload, payloadTag) => {
      if (payloadTag === 0x12) size = payload.view().length;
      else payload.skip(payloadTag);
    });
  });
  return size;
}

/** A SimpleResponse or StreamingOutputCallResponse with a payload of zeros. */
export function encodePayloadResponse(bytes: number): Uint8Array {
  const writer = new WireWriter();
  writer.begin();
  const payload = writer.open(0x0a, bytes);
  writer.bytes(0x12, new Uint8Array(bytes));
  writer.close(payload);
  return writer.finish();
}

export function encodeStreamingInputCallResponse(sum: number): Uint8Array {
  const writer = new WireWriter();
  writer.begin();
  writer.int32(0x08, sum);
  return writer.finish();
}

function decodeResponseParameters(reader: WireReader): ResponseParameters {
  let bytes = 0;
  let pauseMs = 0;
  readNested(reader, (nested, tag) => {
    if (tag === 0x08) bytes = nested.int32();
    else if (tag === 0x10) pauseMs = nested.int32() / 1000;
    else nested.skip(tag);
  });
  return { bytes, pauseMs };
}

function decodeEchoStatus(reader: WireReader): EchoStatus {
  let code = 0;
  let message = "";
  readNested(reader, (nested, tag) => {
    if (tag === 0x08) code = nested.int32();
    else if (tag === 0x12) message = nested.string();
    else nested.skip(tag);
  });
  return { code, message };
}

type FieldVisitor = (reader: WireReader, tag: number) => void;

function readFields(reader: WireReader, visit: FieldVisitor): void {
  while (reader.position < reader.end) visit(reader, reader.tag());
}

function readNested(reader: WireReader, visit: FieldVisitor): void {
  const outer = reader.enter();
  readFields(reader, visit);
  reader.leave(outer);
}
