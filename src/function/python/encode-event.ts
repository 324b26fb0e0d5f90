/** An event as it goes to a wrapper: its length in four bytes, then a MessagePack map. */
import { type ConvertedEvent, structuredData } from "../nuclio/to-nuclio-event.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";

export interface EncodedEvent {
  /** A view that the next event takes back. */
  readonly head: Uint8Array;
  /** Goes behind the head; null when the head has it all. */
  readonly body: Uint8Array | null;
}

/** A longer body is not copied behind the head. */
const COPIED_BODY_BYTES = 16 * 1024;
/** Room a longer one took is given back. */
const KEPT_BYTES = 1024 * 1024;

let writer = new MsgpackWriter();

/**
 * An event has every key, because handlers are given those that are there. The data of a structured CloudEvent goes as the
 * object it is.
 * @throws Error when it holds something that cannot be sent
 */
export function encodeEvent(event: ConvertedEvent): EncodedEvent {
  if (writer.length > KEPT_BYTES) writer = new MsgpackWriter();
  writer.reset();
  writer.uint32(0);
  writer.mapHeader(KEY_COUNT);
  text("content_type", event.content_type);
  text("content-type", event.content_type);
  key("trigger");
  writer.mapHeader(2);
  text("kind", event.trigger.kind);
  text("name", event.trigger.name);
  key("fields");
  writer.value(event.fields);
  key("headers");
  writer.value(event.headers);
  text("id", event.id);
  text("method", event.method);
  text("path", event.path);
  number("size", event.size);
  number("timestamp", Math.floor(event.timestamp.getTime() / 1000));
  text("url", event.url);
  number("shard_id", event.shard_id);
  number("num_shards", event.num_shards);
  text("type", event.type);
  text("type_version", event.type_version);
  text("version", event.version);
  number("offset", event.offset);
  text("topic", event.topic);
  key("body");
  const data = event[structuredData];
  return finish(data === undefined ? event.body : data);
}

const KEY_COUNT = 19;
const keys = new Map<string, Uint8Array>();

function finish(body: unknown): EncodedEvent {
  const apart = body instanceof Uint8Array && body.byteLength > COPIED_BODY_BYTES ? body : null;
  if (apart === null) writer.value(body);
  else writer.binaryHeader(apart.byteLength);
  writer.putUint32(writer.length - 4 + (apart?.byteLength ?? 0), 0);
  return { head: writer.written, body: apart };
}

function key(name: string): void {
  let encoded = keys.get(name);
  if (encoded === undefined) {
    const single = new MsgpackWriter();
    single.text(name);
    encoded = Uint8Array.from(single.written);
    keys.set(name, encoded);
  }
  writer.raw(encoded);
}

function text(name: string, value: string): void {
  key(name);
  writer.text(value);
}

function number(name: string, value: number): void {
  key(name);
  writer.number(value);
}
