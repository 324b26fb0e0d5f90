import { describe, expect, test } from "bun:test";
import { ErrorCode } from "../../src/http2/contract.ts";
import { FrameType } from "../../src/http2/frame-header.ts";
import { frame, headers, PREFACE, requestBlock, settings, windowUpdate } from "./raw-client.ts";
import { OK, TestServer, TRAILERS } from "./test-server.ts";

describe("a connection ends", () => {
  test.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["half a preface", PREFACE.subarray(0, 10)],
    ["no SETTINGS", PREFACE],
    ["half its SETTINGS", Buffer.concat([PREFACE, settings([4, 1]).subarray(0, 12)])],
  ])("when its peer sends %s for too long", async (_what, bytes) => {
    await using server = await TestServer.start({ prefaceTimeoutMs: 100 });
    const client = await server.silentClient();
    client.send(bytes);
    await client.until(() => client.closed, 1_000);
    expect(server.events).toEqual(["opened", "closed: preface timeout"]);
  });

  test.each<[string, Buffer]>([
    ["HEADERS without their end", frame(FrameType.HEADERS, 0, 1, requestBlock())],
    ["half a HEADERS frame", headers(1, true).subarray(0, 20)],
    ["half a frame header", headers(1, true).subarray(0, 3)],
  ])("when a header block is not finished in time: %s", async (_what, bytes) => {
    await using server = await TestServer.start({ headersTimeoutMs: 100 });
    const client = await server.client();
    client.send(bytes);
    expect(await client.goawayCode(1_000)).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    expect(server.events).toEqual(["opened", "closed: headers timeout"]);
  });

  test("when its SETTINGS are not acknowledged in time", async () => {
    await using server = await TestServer.start({ settingsTimeoutMs: 100 });
    const client = await server.silentClient();
    client.send(PREFACE, settings());
    expect(await client.goawayCode(1_000)).toBe(ErrorCode.SETTINGS_TIMEOUT);
  });

  test("when it has been idle for long, counted from the end of its last stream", async () => {
    await using server = await TestServer.start({ idleTimeoutMs: 200 });
    const client = await server.client();
    client.send(headers(1, true));
    const { stream } = await server.stream();
    await Bun.sleep(400);
    expect(client.closed).toBe(false);
    stream.sendHeaders(OK, true);
    expect(await client.goawayCode(1_000)).toBe(ErrorCode.NO_ERROR);
    expect(server.events).toEqual(["opened", "closed: idle"]);
  });

  test("when it takes nothing of its output for long", async () => {
    await using server = await TestServer.start({ stallTimeoutMs: 200 }, ({ stream }) => {
      stream.sendData(Buffer.alloc(20_000_000), true);
    });
    const client = await server.client([4, 0x7fffffff]);
    client.send(windowUpdate(0, 0x7fff0000 - 65_535));
    await client.roundTrip();
    client.pause();
    client.send(headers(1, true));
    const { events } = await server.stream();
    await server.until(() => events.length > 0, 2_000);
    expect([events, server.events]).toEqual([["reset 8"], ["opened", "closed: stalled"]]);
  });
});

test("a stream whose window stays closed for long ends, and no other", async () => {
  await using server = await TestServer.start({ stallTimeoutMs: 200 });
  const client = await server.client([4, 10]);
  client.send(headers(1, true), headers(3, true));
  const { stream, events } = await server.stream();
  stream.sendData(Buffer.alloc(20), false);
  expect(await client.resetCode(1)).toBe(ErrorCode.CANCEL);
  expect([events, client.closed, server.server.openStreams]).toEqual([["reset 8"], false, 1]);
});

test("a stream may be silent for longer than any deadline", async () => {
  const limits = {
    prefaceTimeoutMs: 100,
    headersTimeoutMs: 100,
    settingsTimeoutMs: 100,
    idleTimeoutMs: 100,
    stallTimeoutMs: 100,
  };
  await using server = await TestServer.start(limits);
  const client = await server.client();
  client.send(headers(1, false), frame(FrameType.DATA, 0, 1, Buffer.alloc(100)).subarray(0, 50));
  await Bun.sleep(400);
  client.send(Buffer.alloc(59));
  const { stream } = await server.stream();
  await server.until(() => server.streams[0]?.received.length === 100);
  stream.sendHeaders(OK, false);
  stream.sendTrailers(TRAILERS);
  expect((await client.frame(({ flags }) => flags === 5)).streamId).toBe(1);
});

test("time in which a function blocked the thread is not held against peers", async () => {
  await using server = await TestServer.start({ prefaceTimeoutMs: 400 });
  const client = await server.silentClient();
  await server.until(() => server.events.length === 1);
  Bun.sleepSync(1_000);
  // Long enough for a sweep, far from the deadline.
  await Bun.sleep(60);
  client.send(PREFACE, settings());
  expect((await client.frame(({ flags }) => flags === 1)).type).toBe(FrameType.SETTINGS);
});
