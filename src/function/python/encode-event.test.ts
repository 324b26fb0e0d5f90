import { expect, test } from "bun:test";
import { createEvent } from "../nuclio/event.ts";
import { structuredData } from "../nuclio/to-nuclio-event.ts";
import { encodeEvent } from "./encode-event.ts";

function encode(body: Uint8Array, more: object = {}): { head: Buffer; body: Uint8Array | null } {
  const event = createEvent({
    trigger: { kind: "http", name: "front" },
    body,
    headers: { "content-type": "text/plain" },
    fields: { a: "1" },
    method: "POST",
    path: "/p",
    url: "/p?a=1",
    timestamp: new Date(1_700_000_000_999),
  });
  const encoded = encodeEvent({ ...event, id: "e-1", ...more });
  return { head: Buffer.from(encoded.head), body: encoded.body };
}

/** Texts and numbers below 2^32 are all an event has. */
function expected(body: string): string {
  const text = (value: string): string =>
    Buffer.of(0xa0 | value.length).toString("hex") + Buffer.from(value).toString("hex");
  const map = (size: number): string => Buffer.of(0x80 | size).toString("hex");
  const lines = [
    ["de0013", text("content_type"), text("text/plain"), text("content-type"), text("text/plain")],
    [text("trigger"), map(2), text("kind"), text("http"), text("name"), text("front")],
    [text("fields"), map(1), text("a"), text("1")],
    [text("headers"), map(1), text("content-type"), text("text/plain")],
    [text("id"), text("e-1"), text("method"), text("POST"), text("path"), text("/p")],
    [
      text("size"),
      Buffer.of(body.length).toString("hex"),
      text("timestamp"),
      "ce6553f100",
      text("url"),
      text("/p?a=1"),
    ],
    [text("shard_id"), "ff", text("num_shards"), "00", text("type"), "a0", text("type_version"), "a0"],
    [text("version"), "a0", text("offset"), "00", text("topic"), "a0"],
    [text("body"), "c4", Buffer.of(body.length).toString("hex"), Buffer.from(body).toString("hex")],
  ];
  return lines.flat().join("");
}

test("an event is its length and a map of every key", () => {
  const { head, body } = encode(Buffer.from("hello"));
  expect([head.subarray(4).toString("hex"), head.readInt32BE(0), body]).toEqual([
    expected("hello"),
    head.byteLength - 4,
    null,
  ]);
});

test("a large body is sent from where it is, and counted", () => {
  const large = Buffer.alloc(2_000_000, 1);
  const { head, body } = encode(large);
  expect([head.readInt32BE(0), head.subarray(-5).toString("hex"), body?.byteLength]).toEqual([
    head.byteLength - 4 + 2_000_000,
    "c6001e8480",
    2_000_000,
  ]);
});

test("the data of a CloudEvent goes as what it is", () => {
  const { head } = encode(new Uint8Array(0), { [structuredData]: { a: [1, null] } });
  expect(head.subarray(-6).toString("hex")).toBe("81a1619201c0");
});

test("what cannot be sent is an error, and the next event is whole", () => {
  expect(() => encode(new Uint8Array(0), { [structuredData]: () => {} })).toThrow(
    "a function cannot be sent to Python",
  );
  expect(encode(Buffer.from("x")).head.subarray(4).toString("hex")).toBe(expected("x"));
});
