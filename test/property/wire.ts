/** ProcessingRequest and ProcessingResponse between the model of Envoy and the bytes on the wire, with a codec that is not ours. */
import { join } from "node:path";
import protobuf from "protobufjs";
import {
  type ResponseObject,
  fromResponseObject,
  toRequestObject,
} from "../../src/cli/invoke/envoy-messages.test-support.ts";
import type { ProcessorRequest, ProcessorResponse } from "../../src/cli/invoke/envoy/model.ts";

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith("google/") ? target : join(import.meta.dir, "../../proto", target);
root.loadSync("envoy/service/ext_proc/v3/external_processor.proto");
const requestType = root.lookupType("envoy.service.ext_proc.v3.ProcessingRequest");
const responseType = root.lookupType("envoy.service.ext_proc.v3.ProcessingResponse");

export function encodeRequest(message: ProcessorRequest): Uint8Array {
  return Buffer.from(requestType.encode(requestType.fromObject(toRequestObject(message))).finish());
}

export function decodeResponse(bytes: Uint8Array): ProcessorResponse {
  const object: object = responseType.toObject(responseType.decode(bytes), { enums: String, longs: Number });
  return fromResponseObject(object as ResponseObject);
}

/** The messages of bytes that carry the 5-byte prefix of gRPC. */
export function splitFrames(frames: Uint8Array): Uint8Array[] {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at < frames.length) {
    if (frames[at] !== 0) throw new Error("the compressed flag is set");
    const length = view.getUint32(at + 1);
    messages.push(frames.slice(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return messages;
}
