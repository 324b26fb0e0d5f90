/** envoy.service.ext_proc.v3.ProcessingRequest as Envoy fills it. */
import { WireWriter } from "../../../protobuf/writer.ts";
import { encodeStruct } from "../wire/struct.ts";
import type { EnvoyMessage, Lines } from "./contract.ts";

const ATTRIBUTES_KEY = "envoy.filters.http.ext_proc";
const tags = {
  request: { headers: 0x12, body: 0x22, trailers: 0x32 },
  response: { headers: 0x1a, body: 0x2a, trailers: 0x3a },
} as const;
const writer = new WireWriter();

export function encodeMessage(message: EnvoyMessage): Uint8Array {
  writer.begin();
  writeContent(message);
  writeMetadata(message.metadata);
  if (message.attributes !== undefined) writeAttributes(message.attributes);
  if (message.observabilityMode) writer.bool(0x50, true);
  const { protocolConfig } = message;
  if (protocolConfig !== undefined) {
    const config = writer.open(0x5a);
    writer.uint32(0x08, protocolConfig.requestBody);
    writer.uint32(0x10, protocolConfig.responseBody);
    writer.bool(0x18, protocolConfig.sendBodyWithoutWaitingForHeaderResponse);
    writer.close(config);
  }
  return writer.finish();
}

function writeContent(message: EnvoyMessage): void {
  const tag = tags[message.which][message.phase];
  if (message.phase === "body") {
    const body = writer.open(tag, message.body.length + 16);
    if (message.body.length > 0) writer.bytes(0x0a, message.body);
    if (message.endOfStream) writer.bool(0x10, true);
    writer.close(body);
    return;
  }
  const outer = writer.open(tag);
  writeHeaderMap(message.lines);
  if (message.phase === "headers" && message.endOfStream) writer.bool(0x18, true);
  writer.close(outer);
}

function writeHeaderMap(lines: Lines): void {
  const map = writer.open(0x0a);
  for (const [name, value] of lines) {
    const header = writer.open(0x0a);
    writer.latin1(0x0a, name);
    writer.latin1(0x1a, value);
    writer.close(header);
  }
  writer.close(map);
}

/** Envoy always writes it, also empty. */
function writeMetadata(metadata: EnvoyMessage["metadata"]): void {
  const context = writer.open(0x42);
  for (const [namespace, fields] of Object.entries(metadata)) writeEntry(0x0a, namespace, encodeStruct(fields));
  writer.close(context);
}

function writeAttributes(attributes: NonNullable<EnvoyMessage["attributes"]>): void {
  writeEntry(0x4a, ATTRIBUTES_KEY, encodeStruct(attributes));
}

function writeEntry(tag: number, key: string, value: Uint8Array): void {
  const entry = writer.open(tag);
  writer.string(0x0a, key);
  writer.bytes(0x12, value);
  writer.close(entry);
}
