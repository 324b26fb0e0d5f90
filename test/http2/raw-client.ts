/** An HTTP/2 client that sends exactly the frames it is told to, right or wrong. */
import type { Socket, SocketHandler } from "bun";
import { FrameFlag, FrameType, writeFrameHeader } from "../../src/http2/frame-header.ts";

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const NOTHING = Buffer.alloc(0);
const WAIT_MS = 5_000;

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = NOTHING): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, 9);
  return bytes;
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}

export function settings(...entries: (readonly [setting: number, value: number])[]): Buffer {
  const payload = entries.map(([setting, value]) => Buffer.concat([Buffer.from([0, setting]), uint32(value)]));
  return frame(FrameType.SETTINGS, 0, 0, Buffer.concat(payload));
}

export const SETTINGS_ACK: Buffer = frame(FrameType.SETTINGS, FrameFlag.ACK, 0);

/** A literal field that enters the dynamic table, without Huffman coding; texts up to 126 bytes, or values up to 16 KiB. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40, name.length]), Buffer.from(name), valueLength(value), Buffer.from(value)]);
}

function valueLength(value: string): Buffer {
  if (value.length < 127) return Buffer.from([value.length]);
  const rest = value.length - 127;
  return Buffer.from([0x7f, 0x80 | (rest & 0x7f), 0x80 | ((rest >> 7) & 0x7f), rest >> 14]);
}

/** The header block of a gRPC request that leaves the dynamic table alone. */
export function requestBlock(path = "/", ...more: (readonly [name: string, value: string])[]): Buffer {
  const fields: (readonly [string, string])[] = [["te", "trailers"], ["content-type", "application/grpc"], ...more];
  const unindexed = ([name, value]: readonly [string, string]) => {
    const field = literal(name, value);
    field[0] = 0;
    return field;
  };
  // :method POST, :scheme http; :path and :authority by the names of the static table.
  const named = Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04, path.length]),
    Buffer.from(path),
    Buffer.from([0x01, 1, 0x61]),
  ]);
  return Buffer.concat([named, ...fields.map(unindexed)]);
}

export function headers(streamId: number, endStream: boolean, block: Uint8Array = requestBlock()): Buffer {
  const flags = FrameFlag.END_HEADERS | (endStream ? FrameFlag.END_STREAM : 0);
  return frame(FrameType.HEADERS, flags, streamId, block);
}

export function data(streamId: number, endStream: boolean, payload: Uint8Array | string = ""): Buffer {
  return frame(FrameType.DATA, endStream ? FrameFlag.END_STREAM : 0, streamId, Buffer.from(payload));
}

export function reset(streamId: number, code = 0): Buffer {
  return frame(FrameType.RST_STREAM, 0, streamId, uint32(code));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));
}

export function ping(text = "12345678"): Buffer {
  return frame(FrameType.PING, 0, 0, Buffer.from(text));
}

export type Target =
  | { readonly hostname: string; readonly port: number; readonly tls?: Bun.TLSOptions & { ALPNProtocols?: string } }
  | { readonly unix: string };

export class RawClient {
  /** Everything received, in order. */
  readonly frames: Frame[] = [];
  closed = false;
  /** Bytes received, whether or not a frame is complete. */
  receivedBytes = 0;
  #socket: Socket<unknown> | null = null;
  #partial: Buffer = NOTHING;
  #unsent: Buffer[] = [];
  #waiters: (() => void)[] = [];

  /** Connects without sending anything. */
  static async connect(target: Target): Promise<RawClient> {
    const client = new RawClient();
    const socket: SocketHandler<unknown> = {
      data: (_socket, chunk) => client.#receive(chunk),
      drain: () => client.#flush(),
      close: () => client.#ended(),
      end: () => client.#ended(),
      error() {},
    };
    client.#socket = await ("unix" in target
      ? Bun.connect<unknown>({ ...target, socket })
      : Bun.connect<unknown>({ ...target, socket }));
    return client;
  }

  /** Connects, exchanges prefaces and acknowledges the server's SETTINGS. */
  static async open(target: Target, ...entries: (readonly [setting: number, value: number])[]): Promise<RawClient> {
    const client = await RawClient.connect(target);
    client.send(PREFACE, settings(...entries));
    await client.frame((received) => received.type === FrameType.SETTINGS && received.flags === 0);
    client.send(SETTINGS_ACK);
    await client.frame((received) => received.type === FrameType.SETTINGS && received.flags === FrameFlag.ACK);
    client.frames.length = 0;
    return client;
  }

  /** Queues bytes; they leave as fast as the server takes them. */
  send(...frames: readonly Uint8Array[]): void {
    this.#unsent.push(Buffer.concat(frames));
    this.#flush();
  }

  get unsentBytes(): number {
    return this.#unsent.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** Stops reading; what the server sends stays in the kernel. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.terminate();
    this.#ended();
  }

  /** Resolves with the first frame, received or to come, that `accepts`; rejects after a while or when the connection ends. */
  async frame(accepts: (frame: Frame) => boolean, withinMs = WAIT_MS): Promise<Frame> {
    await this.until(() => this.closed || this.frames.some(accepts), withinMs);
    const found = this.frames.find(accepts);
    if (found === undefined) throw new Error(`closed without the frame; received ${JSON.stringify(this.summary())}`);
    return found;
  }

  frameOf(streamId: number, type: number, withinMs = WAIT_MS): Promise<Frame> {
    return this.frame((received) => received.streamId === streamId && received.type === type, withinMs);
  }

  /** The error code of the GOAWAY that ends the connection. */
  async goawayCode(withinMs = WAIT_MS): Promise<number> {
    return (await this.frame((received) => received.type === FrameType.GOAWAY, withinMs)).payload.readUInt32BE(4);
  }

  async resetCode(streamId: number): Promise<number> {
    return (await this.frameOf(streamId, FrameType.RST_STREAM)).payload.readUInt32BE(0);
  }

  /** The body received for a stream until now. */
  body(streamId: number): Buffer {
    const pieces = this.frames.filter((received) => received.type === FrameType.DATA && received.streamId === streamId);
    return Buffer.concat(pieces.map((received) => received.payload));
  }

  /** Resolves when the server answers a PING: everything sent before it was handled. */
  async roundTrip(text = "ROUND-TR"): Promise<void> {
    this.send(ping(text));
    await this.frame((received) => received.type === FrameType.PING && received.payload.toString() === text);
    this.frames.splice(
      this.frames.findIndex((received) => received.payload.toString() === text),
      1,
    );
  }

  /** What was received, short: for comparisons and messages. */
  summary(): string[] {
    return this.frames.map(
      (received) => `${received.type}:${received.streamId}:${received.flags}:${received.payload.length}`,
    );
  }

  async until(condition: () => boolean, withinMs = WAIT_MS): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!condition()) {
      const left = deadline - performance.now();
      if (left <= 0)
        throw new Error(`nothing within ${withinMs} ms; received ${JSON.stringify(this.summary().slice(-20))}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.push(resolve);
      const timer = setTimeout(resolve, Math.min(left, 50));
      await promise;
      clearTimeout(timer);
    }
  }

  #receive(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    this.#partial = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    while (this.#partial.length >= 9) {
      const end = 9 + this.#partial.readUIntBE(0, 3);
      if (this.#partial.length < end) break;
      this.frames.push({
        type: this.#partial.readUInt8(3),
        flags: this.#partial.readUInt8(4),
        streamId: this.#partial.readUInt32BE(5) & 0x7fffffff,
        payload: this.#partial.subarray(9, end),
      });
      this.#partial = this.#partial.subarray(end);
    }
    this.#wake();
  }

  #flush(): void {
    while (!this.closed) {
      const next = this.#unsent[0];
      if (next === undefined || this.#socket === null) return;
      const taken = this.#socket.write(next);
      if (taken < next.length) {
        if (taken > 0) this.#unsent[0] = next.subarray(taken);
        if (taken < 0) this.#ended();
        return;
      }
      this.#unsent.shift();
    }
  }

  #ended(): void {
    this.closed = true;
    this.#unsent.length = 0;
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}
