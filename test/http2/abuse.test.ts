import { describe, expect, test } from "bun:test";
import { ErrorCode } from "../../src/http2/contract.ts";
import { FrameType } from "../../src/http2/frame-header.ts";
import { data, frame, headers, literal, ping, type RawClient, requestBlock, reset, uint32 } from "./raw-client.ts";
import { OK, TestServer, TRAILERS } from "./test-server.ts";

/** Sends what `step` makes of 0, 1, 2, … until the connection ends or `limit` steps were sent. */
async function flood(client: RawClient, limit: number, step: (index: number) => readonly Buffer[]): Promise<void> {
  for (let index = 0; index < limit && !client.closed;) {
    const batch: Buffer[] = [];
    for (let count = 0; count < 100 && index < limit; count++) batch.push(...step(index++));
    client.send(...batch);
    await Bun.sleep(0);
  }
}

function idOf(index: number): number {
  return 2 * index + 1;
}

describe("a peer that floods us is told to calm down", () => {
  test.each<[string, string, (index: number) => readonly Buffer[]]>([
    ["rapid reset", "HEADERS and RST_STREAM", (index) => [headers(idOf(index), false), reset(idOf(index), 8)]],
    ["peer mistakes", "streams we must reset", (index) => [headers(idOf(index), true, Buffer.from([0x83]))]],
    [
      "peer mistakes",
      "streams it makes us reset by WINDOW_UPDATE 0",
      (index) => [headers(idOf(index), false), frame(FrameType.WINDOW_UPDATE, 0, idOf(index), uint32(0))],
    ],
    ["refused streams", "streams beyond the limit", (index) => [headers(idOf(index), false)]],
    ["ping flood", "PING", () => [ping()]],
    ["settings flood", "SETTINGS", () => [frame(FrameType.SETTINGS, 0, 0)]],
    ["ignored frames", "PRIORITY", (index) => [frame(FrameType.PRIORITY, 0, idOf(index), Buffer.alloc(5))]],
    ["ignored frames", "frames of unknown types", () => [frame(0xbb, 0, 0, Buffer.alloc(10))]],
    ["empty data", "empty DATA", (index) => [...(index === 0 ? [headers(1, false)] : []), data(1, false)]],
    [
      "empty data",
      "DATA of nothing but padding",
      (index) => [...(index === 0 ? [headers(1, false)] : []), frame(FrameType.DATA, 8, 1, Buffer.from([3, 0, 0, 0]))],
    ],
    ["window update flood", "WINDOW_UPDATE", () => [frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(1))]],
    [
      "late frames",
      "RST_STREAM for a stream that ended",
      (index) => [...(index === 0 ? [headers(1, true)] : []), reset(1)],
    ],
    [
      "continuation flood",
      "empty CONTINUATION",
      (index) => [index === 0 ? frame(FrameType.HEADERS, 0, 1) : frame(FrameType.CONTINUATION, 0, 1)],
    ],
    [
      "continuation flood",
      "an endless header block",
      (index) => [frame(index === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, 0, 1, Buffer.alloc(16_384, 0x82))],
    ],
    [
      "header bomb",
      "one large field, referenced over and over",
      (index) => [
        index === 0
          ? headers(1, true, Buffer.concat([requestBlock(), literal("x", "y".repeat(3_900))]))
          : headers(idOf(index), true, Buffer.alloc(16_000, 0xbe)),
      ],
    ],
  ])("%s: %s", async (budget, _what, step) => {
    await using server = await TestServer.start();
    const other = await server.client();
    const client = await server.client();
    await flood(client, 20_000, step);
    expect(await client.goawayCode()).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    await client.until(() => client.closed);
    expect(server.events.filter((event) => event.startsWith("abuse"))).toEqual([`abuse: ${budget}`]);
    expect(server.events).toContain(`closed: abuse: ${budget}`);
    other.send(headers(1, true));
    await server.until(() => server.streams.at(-1)?.stream.closed === false);
  });
});

describe("what looks like abuse and is none", () => {
  test("streams that are reset after their end, as Envoy does with each", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    await flood(client, 20_000, (index) => {
      const id = idOf(index);
      return [headers(id, false), data(id, false, "message"), data(id, true), reset(id, 2)];
    });
    await client.roundTrip();
    const answers = client.frames.filter(({ type }) => type !== FrameType.WINDOW_UPDATE);
    expect([server.streams.length, server.server.openStreams, answers.length]).toEqual([20_000, 0, 0]);
  });

  test("streams that are reset after they were answered", async () => {
    await using server = await TestServer.start({}, ({ stream }) => {
      stream.sendHeaders(OK, false);
      stream.sendTrailers(TRAILERS);
    });
    const client = await server.client();
    await flood(client, 20_000, (index) => [headers(idOf(index), true), reset(idOf(index), 0)]);
    await client.roundTrip();
    expect([server.streams.length, server.server.openStreams]).toEqual([20_000, 0]);
  });

  test("streams cancelled in the middle, beside as many that are not", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    await flood(client, 10_000, (index) => {
      const id = idOf(2 * index);
      return [headers(id, false), reset(id, 8), headers(id + 2, true), reset(id + 2, 8)];
    });
    await client.roundTrip();
    expect([server.streams.length, server.server.openStreams]).toEqual([20_000, 0]);
  });

  test("PING and WINDOW_UPDATE in proportion to what is sent", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, false));
    const { stream } = await server.stream();
    for (let round = 0; round < 50; round++) {
      for (let count = 0; count < 300; count++) stream.sendData(Buffer.from("x"), false);
      await flood(client, 300, () => [
        ping(),
        frame(FrameType.WINDOW_UPDATE, 0, 1, uint32(1)),
        frame(8, 0, 0, uint32(1)),
      ]);
    }
    await client.roundTrip();
    expect(client.body(1).length).toBe(15_000);
  });
});

describe("what breaks the protocol ends the connection", () => {
  const continued = frame(FrameType.HEADERS, 0, 1, requestBlock());
  test.each<[string, Buffer[], ErrorCode]>([
    ["DATA for the connection", [data(0, false, "x")], ErrorCode.PROTOCOL_ERROR],
    ["DATA for a stream never opened", [data(1, false, "x")], ErrorCode.PROTOCOL_ERROR],
    [
      "DATA with more padding than frame",
      [headers(1, false), frame(0, 8, 1, Buffer.from([2, 0]))],
      ErrorCode.PROTOCOL_ERROR,
    ],
    ["DATA with a pad length missing", [headers(1, false), frame(0, 8, 1)], ErrorCode.PROTOCOL_ERROR],
    ["HEADERS for the connection", [headers(0, true)], ErrorCode.PROTOCOL_ERROR],
    ["HEADERS for a stream of ours", [headers(2, true)], ErrorCode.PROTOCOL_ERROR],
    ["HEADERS for an older stream", [headers(5, true), headers(3, true)], ErrorCode.STREAM_CLOSED],
    ["HEADERS with more padding than frame", [frame(1, 0xc, 1, Buffer.from([9, 0x82]))], ErrorCode.PROTOCOL_ERROR],
    ["HEADERS too short for its priority", [frame(1, 0x24, 1, Buffer.alloc(4))], ErrorCode.FRAME_SIZE_ERROR],
    ["a header block that cannot be decoded", [headers(1, true, Buffer.from([0x80]))], ErrorCode.COMPRESSION_ERROR],
    ["a frame between HEADERS and CONTINUATION", [continued, ping()], ErrorCode.PROTOCOL_ERROR],
    ["CONTINUATION for another stream", [continued, frame(9, 4, 3)], ErrorCode.PROTOCOL_ERROR],
    ["CONTINUATION out of the blue", [frame(9, 4, 1)], ErrorCode.PROTOCOL_ERROR],
    ["PRIORITY for the connection", [frame(2, 0, 0, Buffer.alloc(5))], ErrorCode.PROTOCOL_ERROR],
    ["PRIORITY of a wrong length", [frame(2, 0, 1, Buffer.alloc(4))], ErrorCode.FRAME_SIZE_ERROR],
    ["a stream that depends on itself", [frame(2, 0, 1, Buffer.from([0, 0, 0, 1, 0]))], ErrorCode.PROTOCOL_ERROR],
    ["RST_STREAM for a stream never opened", [reset(1)], ErrorCode.PROTOCOL_ERROR],
    ["RST_STREAM of a wrong length", [headers(1, true), frame(3, 0, 1, Buffer.alloc(5))], ErrorCode.FRAME_SIZE_ERROR],
    ["SETTINGS for a stream", [frame(4, 0, 1)], ErrorCode.PROTOCOL_ERROR],
    ["SETTINGS of a wrong length", [frame(4, 0, 0, Buffer.alloc(5))], ErrorCode.FRAME_SIZE_ERROR],
    ["a SETTINGS acknowledgement with a payload", [frame(4, 1, 0, Buffer.alloc(6))], ErrorCode.FRAME_SIZE_ERROR],
    ["PUSH_PROMISE", [frame(5, 4, 1, Buffer.alloc(4))], ErrorCode.PROTOCOL_ERROR],
    ["PING for a stream", [frame(6, 0, 1, Buffer.alloc(8))], ErrorCode.PROTOCOL_ERROR],
    ["PING of a wrong length", [frame(6, 0, 0, Buffer.alloc(7))], ErrorCode.FRAME_SIZE_ERROR],
    ["GOAWAY for a stream", [frame(7, 0, 1, Buffer.alloc(8))], ErrorCode.PROTOCOL_ERROR],
    ["GOAWAY too short", [frame(7, 0, 0, Buffer.alloc(7))], ErrorCode.FRAME_SIZE_ERROR],
    ["WINDOW_UPDATE for a stream never opened", [frame(8, 0, 1, uint32(1))], ErrorCode.PROTOCOL_ERROR],
    ["WINDOW_UPDATE of a wrong length", [frame(8, 0, 0, Buffer.alloc(3))], ErrorCode.FRAME_SIZE_ERROR],
    ["a frame longer than we allow", [frame(0, 0, 1, Buffer.alloc(16_385))], ErrorCode.FRAME_SIZE_ERROR],
  ])("%s", async (_what, frames, code) => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(...frames);
    expect(await client.goawayCode()).toBe(code);
    await client.until(() => client.closed);
  });

  test.each<[string, Buffer]>([
    ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")],
    ["a TLS handshake", Buffer.from("1603010200010001fc0303", "hex")],
    ["a preface without SETTINGS after it", Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ping()])],
  ])("%s instead of HTTP/2", async (_what, bytes) => {
    await using server = await TestServer.start();
    const client = await server.silentClient();
    client.send(bytes);
    expect(await client.goawayCode()).toBe(ErrorCode.PROTOCOL_ERROR);
    await client.until(() => client.closed);
  });

  test("and open streams hear of it", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, false), headers(3, false), data(0, false, "x"));
    const goaway = await client.frame(({ type }) => type === FrameType.GOAWAY);
    expect(goaway.payload.readUInt32BE(0)).toBe(3);
    expect(server.streams.map(({ events }) => events)).toEqual([["reset 1"], ["reset 1"]]);
  });
});
