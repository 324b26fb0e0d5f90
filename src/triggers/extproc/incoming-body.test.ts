import { describe, expect, test } from "bun:test";
import { type BodyPieces, IncomingBody } from "./incoming-body.ts";

function open(pieces: BodyPieces) {
  const told: string[] = [];
  const body = new IncomingBody(
    { bodyWanted: () => void told.push("wanted"), bodyCancelled: () => void told.push("cancelled") },
    pieces,
  );
  const reader = body.stream.getReader();
  const read = async (): Promise<string> => {
    const { done, value } = await reader.read();
    return done ? "end" : Buffer.from(value).toString();
  };
  return { body, reader, read, told };
}

/** As one read of the socket brings them: at once. */
function push(body: IncomingBody, ...texts: readonly string[]): void {
  for (const text of texts) body.push(Buffer.from(text));
}

describe("an incoming body", () => {
  test.each<[BodyPieces, string[]]>([
    ["as-received", ["a", "b", "c", "end"]],
    ["joined", ["abc", "end"]],
  ])("gives what one read brought %s", async (pieces, expected) => {
    const { body, read, told } = open(pieces);
    const first = read();
    await Bun.sleep(0);
    push(body, "a", "b", "c");
    body.end();
    const found = [await first];
    while (found.at(-1) !== "end") found.push(await read());
    expect([found, told, body.unreadBytes]).toEqual([expected, ["wanted"], 0]);
  });

  test("joins no more than 64 KiB, and gives what is longer as it is", async () => {
    const { body, read } = open("joined");
    for (const bytes of [40_000, 25_000, 1000, 70_000, 10]) body.push(new Uint8Array(bytes));
    body.end();
    const lengths: number[] = [];
    for (let text = await read(); text !== "end"; text = await read()) lengths.push(text.length);
    expect(lengths).toEqual([65_000, 1000, 70_000, 10]);
  });

  test.each<BodyPieces>(["as-received", "joined"])("asks for more once all of it was taken, %s", async (pieces) => {
    const { body, read, told } = open(pieces);
    push(body, "a");
    expect([await read(), told]).toEqual(["a", []]);
    const second = read();
    await Bun.sleep(0);
    expect(told).toEqual(["wanted"]);
    push(body, "b");
    expect(await second).toBe("b");
  });

  test.each<BodyPieces>(["as-received", "joined"])("fails without what nobody took, %s", async (pieces) => {
    const { body, read } = open(pieces);
    push(body, "a", "b");
    body.fail(new Error("gone"));
    expect(await read().catch(String)).toBe("Error: gone");
    expect([body.unreadBytes, body.over]).toEqual([0, true]);
  });

  test("takes nothing after it was cancelled", async () => {
    const { body, reader, told } = open("as-received");
    push(body, "a");
    await reader.cancel();
    push(body, "b");
    expect([told, body.over, body.unreadBytes]).toEqual([["cancelled"], true, 0]);
  });
});
