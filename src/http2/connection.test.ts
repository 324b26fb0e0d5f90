import { describe, expect, test } from "bun:test";
import { Connection, type ConnectionOwner, type ConnectionSocket } from "./connection.ts";
import type { Http2Stream } from "./contract.ts";
import { resolveLimits } from "./options.ts";

/** Notes what it is told; takes `room` bytes. */
class FakeSocket implements ConnectionSocket {
  readonly calls: string[] = [];
  room = Infinity;
  write(_bytes: Uint8Array, _from: number, length: number): number {
    const taken = Math.min(length, this.room);
    this.calls.push(`write ${length}`);
    return taken;
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  shutdown(): void {
    this.calls.push("shutdown");
  }
  terminate(): void {
    this.calls.push("terminate");
  }
}

class FakeOwner implements ConnectionOwner {
  readonly streams: Http2Stream[] = [];
  /** What handlers answer to data: that they are done with it. */
  isDone = true;
  readonly done: string[] = [];
  flushes = 0;
  nowMs = 0;
  readonly limits = resolveLimits({ address: { kind: "unix", path: "", mode: 0 } });
  readonly observer = { connectionOpened() {}, connectionClosed() {}, abuseRefused() {} };
  readonly acceptor = {
    onStream: (stream: Http2Stream) => {
      this.streams.push(stream);
      return { onData: () => this.isDone, onEnd() {}, onReset() {}, onWritable() {} };
    },
  };
  flushSoon(): void {
    this.flushes++;
  }
  streamOpened(): void {}
  streamClosed(): void {}
  connectionDone(reason: string): void {
    this.done.push(reason);
  }
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const SETTINGS_ACK = Buffer.from("000000040100000000", "hex");
const SETTINGS = Buffer.from("000000040000000000", "hex");
/** GET http / of authority "a", ended. */
const GET = Buffer.from("000006010500000001" + "828684410161", "hex");
const DATA_FOR_CONNECTION = Buffer.from("000000000000000000", "hex");

function opened(): { socket: FakeSocket; owner: FakeOwner; connection: Connection } {
  const socket = new FakeSocket();
  const owner = new FakeOwner();
  const connection = new Connection(socket, owner);
  connection.open();
  connection.flush();
  connection.receive(Buffer.concat([PREFACE, SETTINGS, SETTINGS_ACK]));
  socket.calls.length = 0;
  owner.flushes = 0;
  return { socket, owner, connection };
}

describe("output", () => {
  test("of one read pass leaves in one write", () => {
    const { socket, connection } = opened();
    connection.receive(Buffer.concat([SETTINGS, SETTINGS, SETTINGS]));
    expect(socket.calls).toEqual(["write 27"]);
  });

  test("between passes is asked to leave once, and leaves in one write", () => {
    const { socket, owner, connection } = opened();
    connection.receive(GET);
    owner.streams[0]?.sendHeaders([":status", "200"], false);
    owner.streams[0]?.sendData(Buffer.alloc(100), false);
    owner.streams[0]?.sendData(Buffer.alloc(100), true);
    expect([owner.flushes, socket.calls]).toEqual([1, []]);
    connection.flush();
    expect(socket.calls).toEqual(["write 228"]);
  });

  test("waits for the socket to drain once that took less than it was given", () => {
    const { socket, connection } = opened();
    socket.room = 5;
    connection.receive(SETTINGS);
    connection.receive(SETTINGS);
    socket.room = Infinity;
    connection.drained();
    expect(socket.calls).toEqual(["write 9", "write 13"]);
  });
});

describe("the memory of a long read", () => {
  /** POST http / of authority "a", with a body to come. */
  const POST = Buffer.from("000006010400000001" + "838684410161", "hex");
  const WINDOW_UPDATE = Buffer.from("000004080000000000" + "00000001", "hex");
  const DATA = Buffer.concat([Buffer.from("002000000000000001", "hex"), Buffer.alloc(0x2000)]);

  /** The lengths of reads after they were received. */
  function receive(isDone: boolean, ...reads: Buffer[]): number[] {
    const { owner, connection } = opened();
    owner.isDone = isDone;
    connection.receive(POST);
    for (const read of reads) connection.receive(read);
    return reads.map((read) => read.length);
  }
  const read = (...frames: Buffer[]) => Buffer.from(new Uint8Array(Buffer.concat(frames)).buffer);

  test("is given back when its data is done with", () => {
    expect(receive(true, read(DATA, DATA, WINDOW_UPDATE, DATA, DATA))).toEqual([0]);
  });

  test("is given back when frames are cut by its ends", () => {
    const all = Buffer.concat(Array.from({ length: 7 }, () => DATA));
    expect(receive(true, read(all.subarray(0, 33_001)), read(all.subarray(33_001)))).toEqual([0, 24_406]);
    expect(receive(true, read(all.subarray(0, 24_581)), read(all.subarray(24_581)))).toEqual([24_581, 0]);
  });

  test("stays as long as something of it may be looked at", () => {
    const settings = read(DATA, DATA, SETTINGS, DATA, DATA);
    expect(receive(false, read(DATA, DATA, DATA, DATA))).toEqual([4 * DATA.length]);
    expect(receive(true, settings)).toEqual([4 * DATA.length + SETTINGS.length]);
  });

  test("stays when it is a part of a larger buffer", () => {
    const buffer = read(DATA, DATA, DATA, DATA, DATA);
    expect(receive(true, buffer.subarray(0, 4 * DATA.length))).toEqual([4 * DATA.length]);
    expect(buffer.length).toBe(5 * DATA.length);
  });
});

describe("the end", () => {
  test("comes at once for bytes that precede the end of a TLS handshake", () => {
    const socket = new FakeSocket();
    const owner = new FakeOwner();
    new Connection(socket, owner).receive(Buffer.concat([PREFACE, SETTINGS, GET]));
    expect([owner.streams, socket.calls, owner.done]).toEqual([[], ["terminate"], ["data before the handshake ended"]]);
  });

  test("after a mistake of the peer is GOAWAY, FIN, and the socket only after a while", () => {
    const { socket, owner, connection } = opened();
    connection.receive(DATA_FOR_CONNECTION);
    expect(socket.calls).toEqual([expect.stringMatching(/^write/), "shutdown"]);
    connection.receive(GET);
    owner.nowMs = 999;
    connection.sweep(999);
    expect([owner.streams.length, socket.calls.length]).toEqual([0, 2]);
    owner.nowMs = 1_000;
    connection.sweep(1);
    expect([socket.calls.at(-1), owner.done]).toEqual(["terminate", ["protocol error: DATA for an idle stream"]]);
  });

  test("waits until the last words have left", () => {
    const { socket, owner, connection } = opened();
    socket.room = 5;
    connection.receive(DATA_FOR_CONNECTION);
    expect([socket.calls.length, owner.done]).toEqual([1, []]);
    socket.room = Infinity;
    connection.drained();
    expect([socket.calls.slice(2), owner.done.length]).toEqual([["shutdown"], 1]);
  });

  test("comes when the socket has taken nothing for long, counted from when output began to wait", () => {
    const { socket, owner, connection } = opened();
    owner.nowMs = 50_000;
    socket.room = 0;
    connection.receive(SETTINGS);
    const ended = [50_000, 79_999, 80_000].map((nowMs) => {
      owner.nowMs = nowMs;
      connection.sweep(0);
      return owner.done.length;
    });
    expect([ended, owner.done]).toEqual([[0, 0, 1], ["stalled"]]);
  });

  test("by the peer is told once", () => {
    const { socket, owner, connection } = opened();
    connection.closed();
    connection.closed();
    connection.terminate("too late");
    expect([owner.done, socket.calls]).toEqual([["peer closed"], ["terminate"]]);
  });
});
