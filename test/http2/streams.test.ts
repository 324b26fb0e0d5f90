import { describe, expect, test } from "bun:test";
import { ErrorCode } from "../../src/http2/contract.ts";
import { FrameType } from "../../src/http2/frame-header.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import {
  data,
  frame,
  type Frame,
  headers,
  literal,
  PREFACE,
  requestBlock,
  reset,
  settings,
  uint32,
} from "./raw-client.ts";
import { OK, TestServer, TRAILERS } from "./test-server.ts";

function fieldsOf(...blocks: Frame[]): (readonly string[])[] {
  const decoder = new HpackDecoder(4096, 65_536);
  return blocks.map((block) => {
    decoder.decode(block.payload, 0, block.payload.length);
    return decoder.fields;
  });
}

describe("an exchange", () => {
  test("goes headers, body, trailers both ways", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, false), data(1, false, "ping "), data(1, false, "pong"));
    client.send(headers(1, true, literal("x-checksum", "7")));
    const { stream, fields, events } = await server.stream();
    await server.until(() => events.length > 0);
    expect(fields).toEqual([
      ":method",
      "POST",
      ":scheme",
      "http",
      ":path",
      "/",
      ":authority",
      "a",
      "te",
      "trailers",
      "content-type",
      "application/grpc",
    ]);
    expect(events).toEqual(["end x-checksum=7"]);
    expect(server.streams[0]?.received.toString()).toBe("ping pong");
    stream.sendHeaders(OK, false);
    stream.sendData(Buffer.from("hello"), false);
    stream.sendTrailers(TRAILERS);
    expect([stream.closed, server.server.openStreams]).toEqual([true, 0]);
    await client.until(() => client.frames.length === 3);
    expect(client.summary().map((line) => line.replace(/:\d+$/, ""))).toEqual(["1:1:4", "0:1:0", "1:1:5"]);
    expect(client.body(1).toString()).toBe("hello");
    const [first, , last] = client.frames;
    if (first === undefined || last === undefined) throw new Error("frames are missing");
    expect(fieldsOf(first, last)).toEqual([OK, TRAILERS]);
  });

  test("answered while it is read leaves in one segment of output", async () => {
    await using server = await TestServer.start({}, ({ stream }) => {
      stream.sendHeaders(OK, false);
      stream.sendData(Buffer.from("x"), true);
    });
    const client = await server.client();
    client.send(...[1, 3, 5].map((id) => headers(id, true)));
    await client.until(() => client.frames.length === 6);
    expect(client.summary().map((line) => line.slice(0, 5))).toEqual([
      "1:1:4",
      "0:1:1",
      "1:3:4",
      "0:3:1",
      "1:5:4",
      "0:5:1",
    ]);
  });

  test("ended with the headers has no body", async () => {
    await using server = await TestServer.start({}, ({ stream }) => stream.sendHeaders([":status", "204"], true));
    const client = await server.client();
    client.send(headers(1, true));
    expect((await client.frameOf(1, FrameType.HEADERS)).flags).toBe(5);
    expect((await server.stream()).events).toEqual([]);
  });

  test("answered before the request ended is ended for the peer too", async () => {
    await using server = await TestServer.start({}, ({ stream }) => {
      stream.sendHeaders(OK, false);
      stream.sendTrailers(TRAILERS);
    });
    const client = await server.client();
    client.send(headers(1, false));
    expect(await client.resetCode(1)).toBe(ErrorCode.NO_ERROR);
    // What was under way is no mistake.
    client.send(data(1, false, "more"), headers(1, true, literal("a", "b")));
    await client.roundTrip();
    expect(client.frames.filter((received) => received.type === FrameType.RST_STREAM).length).toBe(1);
    expect((await server.stream()).events).toEqual([]);
  });

  test("ended and reset at once, as Envoy does, gets no trailers, and later ones are right", async () => {
    await using server = await TestServer.start({}, (accepted) => {
      accepted.stream.sendHeaders(OK, false);
      accepted.onEnd = () => accepted.stream.sendTrailers(TRAILERS);
    });
    const client = await server.client();
    const ids = [1, 3, 5, 7, 9, 11];
    for (const id of ids) {
      client.send(headers(id, false), data(id, false, "message"));
      await client.frameOf(id, FrameType.HEADERS);
      // The second time the list enters the encoder's table: those trailers must leave.
      client.send(data(id, true), ...(id < 11 ? [reset(id, 2)] : []));
      await client.roundTrip();
    }
    const trailers = client.frames.filter(({ flags }) => flags === 5);
    expect(trailers.map(({ streamId }) => streamId)).toEqual([3, 11]);
    const blocks = client.frames.filter(({ type }) => type === FrameType.HEADERS);
    expect(fieldsOf(...blocks).at(-1)).toEqual(TRAILERS);
  });

  test("calls after the end do nothing", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, true), reset(1, ErrorCode.CANCEL));
    const { stream, events } = await server.stream();
    await server.until(() => stream.closed);
    stream.sendHeaders(OK, false);
    stream.sendData(Buffer.from("x"), true);
    stream.sendTrailers(TRAILERS);
    stream.consume(5);
    stream.reset(ErrorCode.CANCEL);
    await client.roundTrip();
    expect(client.frames).toEqual([]);
    expect(events).toEqual(["reset 8"]);
  });

  test("ends for its handler when the connection is lost", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, false));
    const { events } = await server.stream();
    client.close();
    await server.until(() => events.length > 0);
    expect(events).toEqual(["reset 8"]);
    await server.until(() => server.events.includes("closed: peer closed"));
  });

  test("reset by its handler drops what is queued and tells nobody here", async () => {
    await using server = await TestServer.start();
    const client = await server.client([4, 0]);
    client.send(headers(1, true));
    const { stream, events } = await server.stream();
    stream.sendHeaders(OK, false);
    stream.sendData(Buffer.from("held"), false);
    expect(stream.queuedBytes).toBe(4);
    stream.reset(ErrorCode.INTERNAL_ERROR);
    expect([stream.queuedBytes, stream.closed, events]).toEqual([0, true, []]);
    expect(await client.resetCode(1)).toBe(ErrorCode.INTERNAL_ERROR);
  });
});

describe("a header block", () => {
  test("longer than the peer's frames is continued", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(headers(1, true));
    const { stream } = await server.stream();
    stream.sendHeaders([":status", "200", "x-long", "~".repeat(40_000)], true);
    await client.until(() => client.frames.length === 3);
    expect(client.summary().map((line) => line.split(":").slice(0, 3).join(":"))).toEqual(["1:1:1", "9:1:0", "9:1:4"]);
    const block = Buffer.concat(client.frames.map((received) => received.payload));
    const decoder = new HpackDecoder(4096, 65_536);
    decoder.decode(block, 0, block.length);
    expect(decoder.fields).toEqual([":status", "200", "x-long", "~".repeat(40_000)]);
  });

  test("may be padded, carry a priority and come in pieces", async () => {
    await using server = await TestServer.start();
    const client = await server.client();
    const block = requestBlock("/pieces");
    const head = Buffer.concat([Buffer.from([3]), uint32(0), Buffer.from([15]), block.subarray(0, 4), Buffer.alloc(3)]);
    client.send(frame(FrameType.HEADERS, 0x28 | 0x1, 1, head));
    client.send(frame(FrameType.CONTINUATION, 0, 1, block.subarray(4, 10)));
    client.send(frame(FrameType.CONTINUATION, 0x4, 1, block.subarray(10)));
    expect((await server.stream()).fields.slice(4, 6)).toEqual([":path", "/pieces"]);
  });

  test("larger than we accept is answered 431, and the connection serves on", async () => {
    await using server = await TestServer.start({ maxHeaderListBytes: 300 });
    const client = await server.client();
    client.send(headers(1, true, requestBlock("/", ["x", "y".repeat(120)])), headers(3, true));
    expect(fieldsOf(await client.frameOf(1, FrameType.HEADERS))).toEqual([[":status", "431"]]);
    expect(await client.resetCode(1)).toBe(ErrorCode.NO_ERROR);
    expect((await server.stream()).stream.id).toBe(3);
  });
});

describe("a defect above this layer", () => {
  test.each([
    ["while accepting", "accept"],
    ["on data", "onData"],
    ["at the end", "onEnd"],
    ["on reset", "onReset"],
    ["when writable again", "onWritable"],
  ] as const)("%s costs its stream, no more", async (_what, place) => {
    const fail = () => {
      throw new Error(`defect in ${place}`);
    };
    await using server = await TestServer.start({}, (accepted) => {
      if (accepted.stream.id !== 1) return;
      if (place === "accept") fail();
      else accepted[place] = fail;
      if (place === "onWritable") accepted.stream.sendData(Buffer.alloc(70_000), false);
    });
    const client = await server.client();
    client.send(headers(1, false), data(1, false, "x"));
    if (place === "onEnd") client.send(data(1, true));
    if (place === "onReset") client.send(reset(1));
    else if (place === "onWritable") client.send(frame(FrameType.SETTINGS, 0, 0, Buffer.from([0, 4, 0, 2, 0, 0])));
    if (place === "onWritable") client.send(frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(100_000)));
    if (place !== "onReset") expect(await client.resetCode(1)).toBe(ErrorCode.INTERNAL_ERROR);
    client.send(headers(3, true));
    await server.until(() => server.streams.some(({ stream }) => stream.id === 3));
    expect(server.failures.splice(0)).toEqual([new Error(`defect in ${place}`)]);
  });
});

describe("what a peer must not do to a stream", () => {
  test.each<[string, (id: number) => Buffer[], ErrorCode]>([
    [
      "send a body longer than announced",
      (id) => [lengthHeaders(id, "3"), data(id, false, "four")],
      ErrorCode.PROTOCOL_ERROR,
    ],
    [
      "send a body shorter than announced",
      (id) => [lengthHeaders(id, "3"), data(id, true, "a")],
      ErrorCode.PROTOCOL_ERROR,
    ],
    ["announce a body and end with the headers", (id) => [lengthHeaders(id, "3", true)], ErrorCode.PROTOCOL_ERROR],
    ["send DATA after its end", (id) => [headers(id, true), data(id, false, "x")], ErrorCode.STREAM_CLOSED],
    ["send trailers after its end", (id) => [headers(id, true), headers(id, true)], ErrorCode.STREAM_CLOSED],
    ["send headers again without ending", (id) => [headers(id, false), headers(id, false)], ErrorCode.PROTOCOL_ERROR],
    ["send pseudo fields in trailers", (id) => [headers(id, false), headers(id, true)], ErrorCode.PROTOCOL_ERROR],
    ["open it malformed", (id) => [headers(id, true, Buffer.from([0x83]))], ErrorCode.PROTOCOL_ERROR],
    ["open its window by 0", (id) => [headers(id, false), frame(8, 0, id, uint32(0))], ErrorCode.PROTOCOL_ERROR],
    [
      "overflow its window",
      (id) => [headers(id, false), frame(8, 0, id, uint32(0x7fffffff))],
      ErrorCode.FLOW_CONTROL_ERROR,
    ],
  ])("%s", async (_what, frames, code) => {
    await using server = await TestServer.start();
    const client = await server.client();
    client.send(...frames(1), headers(3, true));
    expect(await client.resetCode(1)).toBe(code);
    await server.until(() => server.streams.some(({ stream }) => stream.id === 3 && !stream.closed));
    const first = server.streams.find(({ stream }) => stream.id === 1);
    expect(first?.events.at(-1) ?? `reset ${code}`).toBe(`reset ${code}`);
  });
});

function lengthHeaders(id: number, length: string, endStream = false): Buffer {
  return headers(id, endStream, requestBlock("/", ["content-length", length]));
}

describe("concurrent streams", () => {
  test("beyond the limit are refused, and served again when one has ended", async () => {
    await using server = await TestServer.start({ maxConcurrentStreams: 2 });
    const client = await server.client();
    client.send(headers(1, true), headers(3, true), headers(5, true));
    expect(await client.resetCode(5)).toBe(ErrorCode.REFUSED_STREAM);
    (await server.stream()).stream.sendHeaders(OK, true);
    client.send(headers(7, true));
    expect((await server.stream(2)).stream.id).toBe(7);
  });

  test("are served up to 1,024 before the peer knows a lower limit, and no peer is blamed for more", async () => {
    await using server = await TestServer.start({ maxConcurrentStreams: 2 });
    const client = await server.silentClient();
    client.send(PREFACE, settings());
    for (let count = 0; count < 3_000; count++) client.send(headers(2 * count + 1, false));
    expect(await client.resetCode(2 * 1_024 + 1)).toBe(ErrorCode.REFUSED_STREAM);
    await client.roundTrip();
    expect([server.server.openStreams, client.closed]).toEqual([1_024, false]);
  });
});
