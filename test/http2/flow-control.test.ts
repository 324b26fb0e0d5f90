import { describe, expect, test } from "bun:test";
import { ErrorCode } from "../../src/http2/contract.ts";
import { FrameType } from "../../src/http2/frame-header.ts";
import { data, frame, headers, reset, settings, windowUpdate } from "./raw-client.ts";
import { OK, TestServer, TRAILERS } from "./test-server.ts";

const WINDOW = 4;

describe("what we send", () => {
  test("keeps to the stream's window to the byte", async () => {
    await using server = await TestServer.start();
    const client = await server.client([WINDOW, 10]);
    client.send(headers(1, true));
    const { stream, events } = await server.stream();
    stream.sendHeaders(OK, false);
    stream.sendData(Buffer.from("abcdefghijklm"), false);
    stream.sendData(Buffer.from("nopq"), false);
    expect(stream.queuedBytes).toBe(7);
    stream.sendTrailers(TRAILERS);
    await client.roundTrip();
    expect(client.body(1).toString()).toBe("abcdefghij");
    client.send(windowUpdate(1, 4));
    await client.roundTrip();
    expect([client.body(1).toString(), stream.queuedBytes, events]).toEqual(["abcdefghijklmn", 3, []]);
    client.send(windowUpdate(1, 4));
    expect((await client.frame((received) => received.flags === 5)).type).toBe(FrameType.HEADERS);
    expect([client.body(1).toString(), stream.closed, events]).toEqual(["abcdefghijklmnopq", true, []]);
  });

  test("keeps no more memory than itself while its stream's window is closed", async () => {
    await using server = await TestServer.start();
    const client = await server.client([WINDOW, 2]);
    client.send(headers(1, true));
    const { stream } = await server.stream();
    const received = Buffer.from(new Uint8Array(100).fill(0x61).buffer);
    stream.sendData(received.subarray(0, 10), false);
    stream.sendData(received.subarray(10, 20), true);
    received.fill(0x78); // what it lay in is not looked at any more
    client.send(windowUpdate(1, 100));
    await client.roundTrip();
    expect(client.body(1).toString()).toBe("a".repeat(20));
  });

  test("keeps to the connection's window, the streams taking turns", async () => {
    await using server = await TestServer.start();
    const client = await server.client([WINDOW, 1_000_000]);
    client.send(headers(1, true), headers(3, true));
    const first = await server.stream(0);
    const second = await server.stream(1);
    first.stream.sendData(Buffer.alloc(150_000), true);
    second.stream.sendData(Buffer.alloc(150_000), true);
    await client.roundTrip();
    expect([client.body(1).length, client.body(3).length]).toEqual([65_535, 0]);
    client.send(windowUpdate(0, 65_536));
    await client.roundTrip();
    expect([client.body(1).length, client.body(3).length]).toEqual([65_535 + 32_768, 32_768]);
    client.send(windowUpdate(0, 1_000_000));
    await client.until(() => client.frames.filter((received) => received.flags === 1).length === 2);
    expect([client.body(1).length, client.body(3).length]).toEqual([150_000, 150_000]);
  });

  test("follows a changed initial window on open streams, below zero too", async () => {
    await using server = await TestServer.start();
    const client = await server.client([WINDOW, 20]);
    client.send(headers(1, true));
    const { stream } = await server.stream();
    stream.sendData(Buffer.alloc(30), true);
    client.send(settings([WINDOW, 5]));
    client.send(windowUpdate(1, 10));
    await client.roundTrip();
    expect(client.body(1).length).toBe(20);
    client.send(windowUpdate(1, 6));
    await client.roundTrip();
    expect(client.body(1).length).toBe(21);
    client.send(settings([WINDOW, 14]));
    await client.frame((received) => received.flags === 1 && received.type === FrameType.DATA);
    expect(client.body(1).length).toBe(30);
  });

  test("keeps to the peer's largest frame", async () => {
    await using server = await TestServer.start();
    const client = await server.client([5, 20_000], [WINDOW, 60_000]);
    client.send(headers(1, true));
    (await server.stream()).stream.sendData(Buffer.alloc(50_000), true);
    await client.frame((received) => received.flags === 1);
    expect(client.frames.map((received) => received.payload.length)).toEqual([20_000, 20_000, 10_000]);
  });

  test("never is an empty DATA frame but the one that ends a stream", async () => {
    await using server = await TestServer.start();
    const client = await server.client([WINDOW, 5]);
    client.send(headers(1, true), headers(3, true));
    const { stream } = await server.stream();
    stream.sendData(Buffer.alloc(0), false);
    stream.sendData(Buffer.from("abcdef"), false);
    stream.sendData(Buffer.alloc(0), false);
    stream.sendData(Buffer.alloc(0), true);
    (await server.stream(1)).stream.sendData(Buffer.alloc(0), true);
    client.send(windowUpdate(1, 5));
    await client.frame((received) => received.streamId === 1 && received.flags === 1);
    expect(client.summary().sort()).toEqual(["0:1:0:5", "0:1:1:1", "0:3:1:0"]);
  });

  test("tells its handler when everything held back has left", async () => {
    await using server = await TestServer.start();
    const client = await server.client([WINDOW, 5]);
    client.send(headers(1, true));
    const { stream, events } = await server.stream();
    stream.sendData(Buffer.alloc(20), false);
    client.send(windowUpdate(1, 10));
    await client.roundTrip();
    expect([stream.queuedBytes, events]).toEqual([5, []]);
    client.send(windowUpdate(1, 10));
    await client.roundTrip();
    expect([stream.queuedBytes, events]).toEqual([0, ["writable"]]);
  });
});

describe("what we receive", () => {
  const LIMITS = { streamWindowBytes: 100_000, connectionWindowBytes: 200_000, maxUnconsumedBytes: 0 };
  const CHUNK = Buffer.alloc(10_000);

  test("is given back once half a window was consumed, to the stream and to the connection", async () => {
    await using server = await TestServer.start(LIMITS);
    const client = await server.client();
    client.send(headers(1, false));
    const updates = () => client.frames.filter(({ type }) => type === FrameType.WINDOW_UPDATE);
    for (let count = 0; count < 10; count++) client.send(data(1, false, CHUNK));
    await client.until(() => updates().length >= 3);
    await client.roundTrip();
    expect(updates().map(({ streamId, payload }) => [streamId, payload.readUInt32BE()])).toEqual([
      [1, 50_000],
      [0, 100_000],
      [1, 50_000],
    ]);
  });

  test("is not given back before it is consumed; beyond the window the stream ends", async () => {
    await using server = await TestServer.start(LIMITS, (accepted) => {
      accepted.consumes = false;
    });
    const client = await server.client();
    client.send(headers(1, false));
    for (let count = 0; count < 10; count++) client.send(data(1, false, CHUNK));
    await client.roundTrip();
    expect(client.frames).toEqual([]);
    const { stream } = await server.stream();
    stream.consume(60_000);
    expect((await client.frameOf(1, FrameType.WINDOW_UPDATE)).payload.readUInt32BE()).toBe(60_000);
    for (let count = 0; count < 6; count++) client.send(data(1, false, CHUNK));
    client.send(data(1, false, "x"));
    expect(await client.resetCode(1)).toBe(ErrorCode.FLOW_CONTROL_ERROR);
    expect((await server.stream()).received.length).toBe(160_000);
  });

  test("counts for the connection over all streams", async () => {
    await using server = await TestServer.start(LIMITS, (accepted) => {
      accepted.consumes = false;
    });
    const client = await server.client();
    for (const id of [1, 3]) {
      client.send(headers(id, false));
      for (let count = 0; count < 10; count++) client.send(data(id, false, CHUNK));
    }
    client.send(headers(5, false));
    await client.roundTrip();
    client.send(data(5, false, "x"));
    expect(await client.goawayCode()).toBe(ErrorCode.FLOW_CONTROL_ERROR);
  });

  test("keeps other streams from sending only when much of it is not consumed", async () => {
    const limits = { streamWindowBytes: 100_000, connectionWindowBytes: 100_000, maxUnconsumedBytes: 150_000 };
    await using server = await TestServer.start(limits, (accepted) => {
      accepted.consumes = false;
    });
    const client = await server.client();
    const opened = () =>
      client.frames.filter(({ type, streamId }) => type === FrameType.WINDOW_UPDATE && streamId === 0);
    const fill = async (id: number): Promise<number> => {
      client.send(headers(id, false));
      for (let count = 0; count < 10; count++) client.send(data(id, false, CHUNK));
      await client.roundTrip();
      return opened().reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
    };
    expect([await fill(1), await fill(3)]).toEqual([100_000, 150_000]);
    client.send(headers(5, false));
    for (let count = 0; count < 5; count++) client.send(data(5, false, CHUNK));
    await client.roundTrip();
    client.send(data(5, false, "x"));
    expect(await client.goawayCode()).toBe(ErrorCode.FLOW_CONTROL_ERROR);
  });

  test("counts padding, and gives it back by itself", async () => {
    await using server = await TestServer.start(LIMITS, (accepted) => {
      accepted.consumes = false;
    });
    const client = await server.client();
    client.send(headers(1, false));
    const padded = Buffer.concat([Buffer.from([255]), Buffer.from("x"), Buffer.alloc(255)]);
    for (let count = 0; count < 196; count++) client.send(frame(FrameType.DATA, 8, 1, padded));
    expect((await client.frameOf(1, FrameType.WINDOW_UPDATE)).payload.readUInt32BE()).toBe(50_176);
    expect((await server.stream()).received.length).toBe(196);
  });

  test("and was not consumed when its stream ended goes back to the connection", async () => {
    await using server = await TestServer.start(LIMITS, (accepted) => {
      accepted.consumes = false;
    });
    const client = await server.client();
    client.send(headers(1, false));
    for (let count = 0; count < 10; count++) client.send(data(1, false, CHUNK));
    client.send(reset(1));
    expect((await client.frameOf(0, FrameType.WINDOW_UPDATE)).payload.readUInt32BE()).toBe(100_000);
  });

  test("after the request has ended goes back to the connection only", async () => {
    await using server = await TestServer.start(LIMITS, (accepted) => {
      accepted.consumes = false;
    });
    const client = await server.client();
    client.send(headers(1, false));
    for (let count = 0; count < 10; count++) client.send(data(1, count === 9, CHUNK));
    const { stream, events } = await server.stream();
    await server.until(() => events.length > 0);
    stream.consume(100_000);
    await client.roundTrip();
    expect(client.summary()).toEqual(["8:0:0:4"]);
  });

  test("for a stream that was reset here goes back to the connection", async () => {
    await using server = await TestServer.start(LIMITS, ({ stream }) => stream.reset(ErrorCode.CANCEL));
    const client = await server.client();
    client.send(headers(1, false));
    expect(await client.resetCode(1)).toBe(ErrorCode.CANCEL);
    for (let count = 0; count < 10; count++) client.send(data(1, false, CHUNK));
    expect((await client.frameOf(0, FrameType.WINDOW_UPDATE)).payload.readUInt32BE()).toBe(100_000);
    expect(client.closed).toBe(false);
  });

  test("must not open the connection's window by 0 or beyond 2^31-1", async () => {
    await using server = await TestServer.start();
    const codes = [];
    for (const increment of [0, 0x7fffffff]) {
      const client = await server.client();
      client.send(windowUpdate(0, increment));
      codes.push(await client.goawayCode());
    }
    expect(codes).toEqual([ErrorCode.PROTOCOL_ERROR, ErrorCode.FLOW_CONTROL_ERROR]);
  });

  test("must not overflow a stream's window by SETTINGS", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, true), windowUpdate(1, 0x7fffffff - 65_535), settings([WINDOW, 65_536]));
    expect(await client.goawayCode()).toBe(ErrorCode.FLOW_CONTROL_ERROR);
  });
});

describe("a peer that does not read", () => {
  test("is not read from either once its output is full, and goes on when it reads again", async () => {
    await using server = await TestServer.start({ maxQueuedBytes: 1_000_000 }, ({ stream }) => {
      stream.sendData(Buffer.alloc(100_000, stream.id), true);
    });
    const client = await server.client([WINDOW, 0x7fffffff]);
    client.send(windowUpdate(0, 0x7fff0000 - 65_535));
    await client.roundTrip();
    client.pause();
    for (let count = 0; count < 1_000; count++) client.send(headers(2 * count + 1, true));
    await Bun.sleep(100);
    const served = server.streams.length;
    for (let count = 1_000; count < 2_000; count++)
      client.send(headers(2 * count + 1, true), frame(0xee, 0, 0, Buffer.alloc(10_000)));
    await Bun.sleep(100);
    expect(server.streams.length).toBeLessThan(2_000);
    expect(served).toBeGreaterThan(0);
    client.resume();
    await client.until(() => client.frames.filter((received) => received.flags === 1).length === 2_000, 20_000);
    expect(client.body(3_999)).toEqual(Buffer.alloc(100_000, 3_999));
  }, 30_000);
});
