import { describe, expect, test } from "bun:test";
import { FrameFlag, FrameType } from "../../src/http2/frame-header.ts";
import { data, type Frame, frame, headers, ping, RawClient } from "./raw-client.ts";
import { OK, TestServer, TRAILERS } from "./test-server.ts";

function goaways(client: RawClient): number[][] {
  return client.frames
    .filter(({ type }) => type === FrameType.GOAWAY)
    .map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)]);
}

function isPing({ type, flags }: Frame): boolean {
  return type === FrameType.PING && flags === 0;
}

async function acknowledge(client: RawClient): Promise<void> {
  const asked = await client.frame(isPing);
  client.send(frame(FrameType.PING, FrameFlag.ACK, 0, asked.payload));
}

const NEVER = new AbortController().signal;

describe("a drain", () => {
  test("serves what the peer opened before it heard of it, and nothing after", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, false));
    await server.stream();
    let drained = false;
    const done = server.server.drain(NEVER).then(() => {
      drained = true;
    });
    await client.frame(isPing);
    expect(goaways(client)).toEqual([[0x7fffffff, 0]]);
    client.send(headers(3, true));
    await acknowledge(client);
    await client.until(() => goaways(client).length === 2);
    expect(goaways(client)).toEqual([
      [0x7fffffff, 0],
      [3, 0],
    ]);
    client.send(headers(5, false), data(5, true, "ignored"), data(1, true, "served"));
    await client.roundTrip();
    expect(server.streams.map(({ stream, received }) => [stream.id, received.toString()])).toEqual([
      [1, "served"],
      [3, ""],
    ]);
    expect(client.frames.filter(({ streamId }) => streamId === 5)).toEqual([]);
    server.streams[0]?.stream.sendHeaders(OK, true);
    await client.roundTrip();
    expect(drained).toBe(false);
    const last = server.streams[1]?.stream;
    last?.sendHeaders(OK, false);
    last?.sendData(Buffer.alloc(50_000), false);
    last?.sendTrailers(TRAILERS);
    await done;
    await client.until(() => client.closed);
    expect(client.body(3).length).toBe(50_000);
    expect(server.events).toEqual(["opened", "closed: drained"]);
  });

  test("does not wait for an acknowledgement that does not come", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, true));
    const { stream } = await server.stream();
    const start = performance.now();
    const done = server.server.drain(NEVER);
    await client.until(() => goaways(client).length === 2);
    expect(performance.now() - start).toBeGreaterThan(900);
    expect(goaways(client)[1]).toEqual([1, 0]);
    stream.sendHeaders(OK, true);
    await done;
  });

  test("of connections without streams takes a round trip", async () => {
    await using server = await TestServer.start();
    const clients = [await server.client(), await server.client()];
    const start = performance.now();
    const done = server.server.drain(NEVER);
    await Promise.all(clients.map(acknowledge));
    await done;
    expect(performance.now() - start).toBeLessThan(900);
    await Promise.all(clients.map((client) => client.until(() => client.closed)));
    expect(clients.map(goaways)).toEqual(
      [0, 0].map((last) => [
        [0x7fffffff, 0],
        [last, 0],
      ]),
    );
  });

  test("without connections is done at once, and nobody new is let in", async () => {
    await using server = await TestServer.start();
    await server.server.drain(NEVER);
    expect(await RawClient.connect(server.target).catch((error: Error) => error.name)).not.toBeInstanceOf(RawClient);
  });

  test("lets connections in until every peer was asked to go, and asks them too", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    const done = server.server.drain(NEVER);
    const late = await server.silentClient();
    late.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FrameType.SETTINGS, 0, 0), headers(1, true));
    (await server.stream()).stream.sendHeaders(OK, true);
    await acknowledge(late);
    await acknowledge(client);
    await done;
    await late.until(() => late.closed);
    expect(goaways(late)).toEqual([
      [0x7fffffff, 0],
      [1, 0],
    ]);
    expect((await late.frameOf(1, FrameType.HEADERS)).flags).toBe(5);
  });

  test("ends at its deadline, with what is left still open", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, true));
    const { stream } = await server.stream();
    const deadline = new AbortController();
    const done = server.server.drain(deadline.signal);
    await acknowledge(client);
    deadline.abort();
    await done;
    expect([stream.closed, server.server.openStreams]).toEqual([false, 1]);
    stream.sendHeaders(OK, true);
    await client.until(() => client.closed);
  });
});

test("closing ends everything at once", async () => {
  await using server = await TestServer.start();
  const client = await server.client();
  client.send(headers(1, true));
  const { events } = await server.stream();
  server.server.close();
  expect([events, server.server.openStreams]).toEqual([["reset 8"], 0]);
  await client.until(() => client.closed);
  expect(server.events).toEqual(["opened", "closed: server closed"]);
  client.send(ping());
});
