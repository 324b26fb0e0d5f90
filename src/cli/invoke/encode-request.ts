/** envoy.service.ext_proc.v3.ProcessingRequest as Envoy fills it, from the model's message. */
import type { JsonValue } from "../../function/contract.ts";
import { WireWriter } from "../../protobuf/writer.ts";
import { BodyMode } from "../../triggers/extproc/body-mode.ts";
import { encodeStruct } from "../../triggers/extproc/wire/struct.ts";
import type { HeaderFields, ProcessorRequest } from "./envoy/model.ts";

/** What Envoy sends beside the phases. */
export interface ExchangeContext {
  /** `attributes` under the filter's name; goes with the first message of the request. */
  readonly attributes: Readonly<Record<string, JsonValue>>;
  /** `filter_metadata` by namespace; goes with every message. */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;
}

const FILTER_NAME = "envoy.filters.http.ext_proc";
const TAGS = {
  request: { headers: 0x12, body: 0x22, trailers: 0x32 },
  response: { headers: 0x1a, body: 0x2a, trailers: 0x3a },
} as const;
const writer = new WireWriter();

export function encodeRequest(message: ProcessorRequest, context: ExchangeContext): Uint8Array {
  const { side, phase, protocolConfig, observabilityMode } = message;
  writer.begin();
  const outer = writer.open(TAGS[side][phase.kind]);
  if (phase.kind === "body") {
    if (phase.bytes.length > 0) writer.bytes(0x0a, phase.bytes);
    if (phase.endOfStream) writer.bool(0x10, true);
  } else {
    writeHeaderMap(phase.fields);
    if (phase.kind === "headers" && phase.endOfStream) writer.bool(0x18, true);
  }
  writer.close(outer);
  const metadata = writer.open(0x42); // also when it is empty, as Envoy does
  for (const [namespace, fields] of Object.entries(context.metadata)) writeEntry(0x0a, namespace, encodeStruct(fields));
  writer.close(metadata);
  const carriesAttributes =
    side === "request" && phase.kind === "headers" && Object.keys(context.attributes).length > 0;
  if (carriesAttributes) writeEntry(0x4a, FILTER_NAME, encodeStruct(context.attributes));
  if (observabilityMode) writer.bool(0x50, true);
  if (protocolConfig !== null) {
    const config = writer.open(0x5a);
    writer.uint32(0x08, BodyMode[protocolConfig.requestBodyMode]);
    writer.uint32(0x10, BodyMode[protocolConfig.responseBodyMode]);
    writer.bool(0x18, protocolConfig.sendBodyWithoutWaitingForHeaderResponse);
    writer.close(config);
  }
  return writer.finish();
}

function writeHeaderMap(fields: HeaderFields): void {
  const map = writer.open(0x0a);
  for (const [name, value] of fields) {
    const header = writer.open(0x0a);
    writer.latin1(0x0a, name);
    writer.latin1(0x1a, value);
    writer.close(header);
  }
  writer.close(map);
}

function writeEntry(tag: number, key: string, value: Uint8Array): void {
  const entry = writer.open(tag);
  writer.string(0x0a, key);
  writer.bytes(0x12, value);
  writer.close(entry);
}
