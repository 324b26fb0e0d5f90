import { describe, expect, test } from "bun:test";
import { type BodyPieces, IncomingBody } from "./incoming-body.ts";

type Way = "a reader" | "an iteration";

function open(pieces: BodyPieces, way: Way) {
  const told: string[] = [];
  const body = new IncomingBody(
    { bodyWanted: () => void told.push("wanted"), bodyCancelled: () => void told.push("cancelled") },
    pieces,
  );
  const { next, leave } = way === "a reader" ? readerOf(body.stream) : iteratorOf(body.stream);
  const read = async (): Promise<string> => {
    const { done, value } = await next();
    return done === true ? "end" : Buffer.from(value as Uint8Array).toString();
  };
  return { body, read, leave, told };
}

interface Reading {
  next(): Promise<IteratorResult<unknown>>;
  leave(): Promise<unknown>;
}

function readerOf(stream: ReadableStream<Uint8Array>): Reading {
  const reader = stream.getReader();
  return { next: () => reader.read() as Promise<IteratorResult<unknown>>, leave: () => reader.cancel() };
}

function iteratorOf(stream: ReadableStream<Uint8Array>): Reading {
  const iterator = stream.values();
  return { next: () => iterator.next(), leave: async () => iterator.return?.() };
}

/** As one read of the socket brings them: at once. */
function push(body: IncomingBody, ...texts: readonly string[]): void {
  for (const text of texts) body.push(Buffer.from(text));
}

describe.each<Way>(["a reader", "an iteration"])("an incoming body, read by %s", (way) => {
  test.each<[BodyPieces, string[]]>([
    ["as-received", ["a", "b", "c", "end"]],
    ["joined", ["abc", "end"]],
  ])("gives what one read brought %s", async (pieces, expected) => {
    const { body, read, told } = open(pieces, way);
    const first = read();
    await Bun.sleep(0);
    push(body, "a", "b", "c");
    body.end();
    const found = [await first];
    while (found.at(-1) !== "end") found.push(await read());
    expect([found, told, body.unreadBytes]).toEqual([expected, ["wanted"], 0]);
  });

  test("joins no more than 64 KiB, and gives what is longer as it is", async () => {
    const { body, read } = open("joined", way);
    for (const bytes of [40_000, 25_000, 1000, 70_000, 10]) body.push(new Uint8Array(bytes));
    body.end();
    const lengths: number[] = [];
    for (let text = await read(); text !== "end"; text = await read()) lengths.push(text.length);
    expect(lengths).toEqual([65_000, 1000, 70_000, 10]);
  });

  test.each<BodyPieces>(["as-received", "joined"])("asks for more once all of it was taken, %s", async (pieces) => {
    const { body, read, told } = open(pieces, way);
    push(body, "a");
    expect([await read(), told]).toEqual(["a", []]);
    const second = read();
    await Bun.sleep(0);
    expect(told).toEqual(["wanted"]);
    push(body, "b");
    expect(await second).toBe("b");
  });

  test.each<BodyPieces>(["as-received", "joined"])("fails without what nobody took, %s", async (pieces) => {
    const { body, read } = open(pieces, way);
    push(body, "a", "b");
    body.fail(new Error("gone"));
    expect(await read().catch(String)).toBe("Error: gone");
    expect([body.unreadBytes, body.over]).toEqual([0, true]);
  });

  test("takes nothing after the reading was left", async () => {
    const { body, leave, told } = open("as-received", way);
    push(body, "a");
    await leave();
    push(body, "b");
    expect([told, body.over, body.unreadBytes]).toEqual([["cancelled"], true, 0]);
  });

  test("ends a read that waits when the reading is left", async () => {
    const { read, leave } = open("as-received", way);
    const waiting = read();
    await Bun.sleep(0);
    await leave();
    expect(await waiting).toBe("end");
  });

  test("gives reads that wait for each other their pieces in order", async () => {
    const { body, read } = open("as-received", way);
    const reads = [read(), read(), read()];
    await Bun.sleep(0);
    push(body, "a", "b");
    body.end();
    expect(await Promise.all(reads)).toEqual(["a", "b", "end"]);
  });

  test("fails a read that waits, and those after it", async () => {
    const { body, read } = open("as-received", way);
    const waiting = read().catch(String);
    await Bun.sleep(0);
    body.fail(new Error("gone"));
    expect([await waiting, await read().catch(String)]).toEqual(["Error: gone", "Error: gone"]);
  });
});

test("an incoming body that a reader has read is iterated on from there", async () => {
  const told: string[] = [];
  const body = new IncomingBody({ bodyWanted: () => void told.push("wanted"), bodyCancelled() {} }, "as-received");
  const reader = body.stream.getReader();
  const lost = reader.read().catch(() => "released");
  await Bun.sleep(0);
  reader.releaseLock();
  expect(await lost).toBe("released");
  push(body, "a"); // into the stream, which had asked for it
  push(body, "b");
  body.end();
  const pieces: string[] = [];
  for await (const piece of body.stream) pieces.push(Buffer.from(piece).toString());
  expect([pieces, told]).toEqual([["a", "b"], ["wanted"]]);
});
