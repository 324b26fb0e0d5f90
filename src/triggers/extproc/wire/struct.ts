/** google.protobuf.Struct in the two places ext_proc has it: attributes and metadata in, dynamic metadata out. */
import type * as structPb from "google-protobuf/google/protobuf/struct_pb.js";
import type { JsonValue } from "../../../function/contract.ts";
import { WireReader } from "../../../protobuf/reader.ts";
import type { Span } from "./span.ts";

type JsonObject = { [key: string]: JsonValue };

/** Loaded once it is needed, which is seldom: a sixth of a worker's objects would be its. */
function protobuf(): typeof structPb {
  return require("google-protobuf/google/protobuf/struct_pb.js");
}

/** `map<string, Struct>` entries (`ProcessingRequest.attributes`), by key. Later entries win. */
export function decodeStructEntries(entries: readonly Span[]): Map<string, JsonObject> {
  const structs = new Map<string, JsonObject>();
  for (const span of entries) {
    const entry = decodeEntry(span);
    if (entry !== null) structs.set(entry.key, entry.value);
  }
  return structs;
}

/** core.v3.Metadata: `filter_metadata` (field 1) by namespace. Typed metadata is passed over. */
export function decodeMetadata(span: Span): Map<string, JsonObject> {
  const reader = new WireReader();
  reader.reset(span.bytes, span.start, span.end);
  const entries: Span[] = [];
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      const end = reader.delimited();
      entries.push({ bytes: span.bytes, start: reader.position, end });
      reader.position = end;
    } else reader.skip(tag);
  }
  return decodeStructEntries(entries);
}

/** Encodes an object of JSON values. */
export function encodeStruct(fields: Readonly<Record<string, JsonValue>>): Uint8Array {
  return toStruct(fields).serializeBinary();
}

/** A map entry: field 1 the key, field 2 the Struct. */
function decodeEntry(span: Span): { key: string; value: JsonObject } | null {
  const reader = new WireReader();
  reader.reset(span.bytes, span.start, span.end);
  let key = "";
  let value: JsonObject | null = null;
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.string();
    else if (tag === 0x12) value = fromStruct(protobuf().Struct.deserializeBinary(reader.view()));
    else reader.skip(tag);
  }
  return value === null ? null : { key, value };
}

function fromStruct(struct: structPb.Struct): JsonObject {
  const object: JsonObject = Object.create(null);
  for (const [key, value] of struct.getFieldsMap().entries()) object[key] = fromValue(value);
  return object;
}

function fromValue(value: structPb.Value): JsonValue {
  const { Struct, Value } = protobuf();
  switch (value.getKindCase()) {
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.STRING_VALUE:
      return value.getStringValue();
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case Value.KindCase.STRUCT_VALUE:
      return fromStruct(value.getStructValue() ?? new Struct());
    case Value.KindCase.LIST_VALUE:
      return (value.getListValue()?.getValuesList() ?? []).map(fromValue);
    case Value.KindCase.NULL_VALUE:
    case Value.KindCase.KIND_NOT_SET:
      return null;
  }
}

function toStruct(fields: Readonly<Record<string, JsonValue>>): structPb.Struct {
  const struct = new (protobuf().Struct)();
  const map = struct.getFieldsMap();
  for (const [key, value] of Object.entries(fields)) map.set(key, toValue(value));
  return struct;
}

function toValue(json: JsonValue): structPb.Value {
  const { ListValue, NullValue, Value } = protobuf();
  const value = new Value();
  if (json === null) value.setNullValue(NullValue.NULL_VALUE);
  else if (typeof json === "number") value.setNumberValue(json);
  else if (typeof json === "string") value.setStringValue(json);
  else if (typeof json === "boolean") value.setBoolValue(json);
  else if (Array.isArray(json)) {
    const list = new ListValue();
    list.setValuesList(json.map(toValue));
    value.setListValue(list);
  } else value.setStructValue(toStruct(json));
  return value;
}
