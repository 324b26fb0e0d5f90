/** Reader and writer together, against google-protobuf, and the reader against bytes that are no message. */
import { describe, expect, test } from "bun:test";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import { WireReader } from "./reader.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.test-support.ts";
import { WireError } from "./wire-error.ts";
import { WireWriter } from "./writer.ts";

type Json = { readonly [key: string]: JavaScriptValue };

function randomValue(random: SeededRandom, depth: number): JavaScriptValue {
  switch (random.below(depth > 4 ? 4 : 6)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 1;
    case 2:
      return (random.next() - 0.5) * 10 ** random.below(20);
    case 3:
      return "grüße ☺ ".repeat(random.below(30));
    case 4:
      return Array.from({ length: random.below(5) }, () => randomValue(random, depth + 1));
    default:
      return randomObject(random, depth + 1);
  }
}

function randomObject(random: SeededRandom, depth: number): Json {
  const entries = Array.from({ length: random.below(5) }, (_, i) => [`key ${i}`, randomValue(random, depth)] as const);
  return Object.fromEntries(entries);
}

/** Calls `visit` for each field of the message entered or begun. */
function eachField(reader: WireReader, visit: (tag: number) => void): void {
  while (reader.position < reader.end) visit(reader.tag());
}

function readStruct(reader: WireReader): Json {
  const object: Record<string, JavaScriptValue> = {};
  eachField(reader, (tag) => {
    if (tag !== 0x0a) return reader.skip(tag);
    const outer = reader.enter();
    let key = "";
    let value: JavaScriptValue = null;
    eachField(reader, (entryTag) => {
      if (entryTag === 0x0a) key = reader.string();
      else if (entryTag === 0x12) value = readNested(reader, readValue);
      else reader.skip(entryTag);
    });
    reader.leave(outer);
    object[key] = value;
  });
  return object;
}

function readValue(reader: WireReader): JavaScriptValue {
  let value: JavaScriptValue = null;
  eachField(reader, (tag) => {
    if (tag === 0x11) value = reader.double();
    else if (tag === 0x1a) value = reader.string();
    else if (tag === 0x20) value = reader.bool();
    else if (tag === 0x2a) value = readNested(reader, readStruct);
    else if (tag === 0x32) value = readNested(reader, readList);
    else reader.skip(tag);
  });
  return value;
}

function readList(reader: WireReader): JavaScriptValue[] {
  const list: JavaScriptValue[] = [];
  eachField(reader, (tag) => {
    if (tag === 0x0a) list.push(readNested(reader, readValue));
    else reader.skip(tag);
  });
  return list;
}

function readNested<T>(reader: WireReader, read: (reader: WireReader) => T): T {
  const outer = reader.enter();
  const value = read(reader);
  reader.leave(outer);
  return value;
}

function writeStruct(writer: WireWriter, object: Json): void {
  for (const [key, value] of Object.entries(object)) {
    const entry = writer.open(0x0a);
    writer.string(0x0a, key);
    writeValue(writer, 0x12, value);
    writer.close(entry);
  }
}

function writeValue(writer: WireWriter, tag: number, value: JavaScriptValue): void {
  const mark = writer.open(tag);
  if (value === null) writer.uint32(0x08, 0);
  else if (typeof value === "number") writer.double(0x11, value);
  else if (typeof value === "string") writer.string(0x1a, value);
  else if (typeof value === "boolean") writer.bool(0x20, value);
  else {
    const inner = writer.open(Array.isArray(value) ? 0x32 : 0x2a);
    if (Array.isArray(value)) for (const item of value) writeValue(writer, 0x0a, item);
    else writeStruct(writer, value as Json);
    writer.close(inner);
  }
  writer.close(mark);
}

/** Walks everything that could be a message, as deep as it goes; the number of fields seen. */
function walk(reader: WireReader, choose: SeededRandom): number {
  let fields = 0;
  eachField(reader, (tag) => {
    fields++;
    if (reader.position > reader.end) throw new Error("read behind the end");
    if ((tag & 7) === 2 && choose.below(3) > 0) fields += readNested(reader, (nested) => walk(nested, choose));
    else if ((tag & 7) === 0 && choose.below(2) > 0) reader.int64Number();
    else reader.skip(tag);
  });
  return fields;
}

describe("reader and writer", () => {
  test("understand google-protobuf and are understood by it", () => {
    const random = seededRandom(21);
    const writer = new WireWriter();
    for (let round = 0; round < 300; round++) {
      const object = randomObject(random, 0);
      expect(readStruct(new WireReader(Struct.fromJavaScript(object).serializeBinary()))).toEqual(object);
      writer.begin();
      writeStruct(writer, object);
      expect(Struct.deserializeBinary(writer.finish()).toJavaScript()).toEqual(object);
    }
  });
});

describe("the reader", () => {
  test("reads random and mutated bytes to the end or to a typed error", () => {
    const random = seededRandom(22);
    let errors = 0;
    for (let round = 0; round < 5000; round++) {
      const valid = Buffer.from(Struct.fromJavaScript(randomObject(random, 2)).serializeBinary());
      const input = round % 2 === 0 ? random.bytes(random.below(60)) : mutate(valid, random);
      try {
        expect(walk(new WireReader(input), random)).toBeLessThanOrEqual(input.length);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        expect(error.offset).toBeLessThanOrEqual(input.length);
        errors++;
      }
    }
    expect(errors).toBeGreaterThan(1000);
  });

  test("never reads beyond the part it was given", () => {
    const random = seededRandom(23);
    for (let round = 0; round < 2000; round++) {
      const part = random.bytes(random.below(40));
      const alone = fieldsOrCode(new WireReader(part), round);
      const reader = new WireReader();
      reader.reset(Buffer.concat([random.bytes(7), part, random.bytes(20)]), 7, 7 + part.length);
      expect(fieldsOrCode(reader, round)).toBe(alone);
    }
  });
});

function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return bytes.subarray(0, bytes.length - random.below(Math.min(3, bytes.length + 1)));
}

function fieldsOrCode(reader: WireReader, seed: number): number | string {
  try {
    return walk(reader, seededRandom(seed));
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}
