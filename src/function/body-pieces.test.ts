import { expect, test } from "bun:test";
import { readPieces, toAssignedBody, toBytes, toStream } from "./body-pieces.ts";

async function* pieces(left: string[] = []): AsyncGenerator<Uint8Array | string> {
  try {
    yield "text ";
    yield Buffer.from("and bytes");
  } finally {
    left.push("left");
  }
}

test("a body is text, bytes, null or whatever gives pieces", () => {
  const [stream, generator, bytes] = [new ReadableStream<Uint8Array>(), pieces(), new Uint8Array(2)];
  expect(toAssignedBody("é")).toEqual(Buffer.from([0xc3, 0xa9]));
  for (const body of [stream, generator, bytes, null]) expect(toAssignedBody(body)).toBe(body);
  for (const body of [undefined, 1, {}, ["a"], pieces]) expect(() => toAssignedBody(body)).toThrow("a body is");
});

test("a piece is bytes or text", () => {
  expect([toBytes("a"), toBytes(Uint8Array.of(97)), toBytes(Uint8Array.of(97).buffer)].map(String)).toEqual([
    "a",
    "97",
    "97",
  ]);
  expect(() => toBytes({ a: 1 })).toThrow("a piece of a body is of type object: pieces are bytes or text");
  expect(() => toBytes(null)).toThrow("type null");
});

test("pieces become a stream, which leaves their maker when it is left", async () => {
  expect(await new Response(toStream(pieces())).text()).toBe("text and bytes");
  const left: string[] = [];
  const reader = toStream(pieces(left)).getReader();
  await reader.read();
  await reader.cancel();
  expect(left).toEqual(["left"]);
});

test("a reader of pieces leaves their maker", async () => {
  const left: string[] = [];
  const reader = readPieces(pieces(left));
  expect(await reader.read()).toEqual({ done: false, value: "text " });
  await reader.cancel(new Error("enough"));
  expect([left, (await reader.read()).done]).toEqual([["left"], true]);
});
