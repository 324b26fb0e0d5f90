/** A server for one test, with everything that happened to its streams and connections noted. */
import { expect } from "bun:test";
import type {
  FieldLines,
  Http2Acceptor,
  Http2Server,
  Http2ServerOptions,
  Http2Stream,
  Http2StreamHandler,
} from "../../src/http2/contract.ts";
import { openHttp2Server } from "../../src/http2/server.ts";
import { RawClient, type Target } from "./raw-client.ts";

/** One accepted stream. */
export class Accepted implements Http2StreamHandler {
  readonly stream: Http2Stream;
  readonly fields: FieldLines;
  readonly events: string[] = [];
  received = Buffer.alloc(0);
  /** Given back to the peer as soon as it arrives. */
  consumes = true;

  constructor(stream: Http2Stream, fields: FieldLines) {
    this.stream = stream;
    this.fields = fields;
  }

  onData(bytes: Uint8Array, start: number, end: number): boolean {
    this.received = Buffer.concat([this.received, bytes.subarray(start, end)]);
    if (this.consumes) this.stream.consume(end - start);
    return true;
  }
  onEnd(trailers: FieldLines | null): void {
    this.events.push(trailers === null ? "end" : `end ${trailers.join("=")}`);
  }
  onReset(code: number): void {
    this.events.push(`reset ${code}`);
  }
  onWritable(): void {
    this.events.push("writable");
  }
}

export class TestServer implements AsyncDisposable {
  readonly server: Http2Server;
  readonly target: Target;
  readonly streams: Accepted[] = [];
  readonly events: string[];
  readonly failures: unknown[];
  readonly #clients: RawClient[] = [];

  /** `accept` sees each stream after it was noted; by default nothing answers. */
  static async start(
    limits: Partial<Http2ServerOptions> = {},
    accept: (accepted: Accepted, endStream: boolean) => void = () => {},
  ): Promise<TestServer> {
    const streams: Accepted[] = [];
    const events: string[] = [];
    const failures: unknown[] = [];
    const acceptor: Http2Acceptor = {
      onStream(stream, fields, endStream) {
        const accepted = new Accepted(stream, fields);
        streams.push(accepted);
        accept(accepted, endStream);
        return accepted;
      },
    };
    const server = await openHttp2Server(
      { address: { kind: "tcp", hostname: "127.0.0.1", port: 0 }, ...limits },
      acceptor,
      {
        connectionOpened: () => events.push("opened"),
        connectionClosed: (reason) => events.push(`closed: ${reason}`),
        abuseRefused: (budget) => events.push(`abuse: ${budget}`),
        handlerFailed: (error) => failures.push(error),
      },
    );
    return new TestServer(server, streams, events, failures);
  }

  private constructor(server: Http2Server, streams: Accepted[], events: string[], failures: unknown[]) {
    this.server = server;
    this.streams = streams;
    this.events = events;
    this.failures = failures;
    const { address } = server;
    this.target = address.kind === "tcp" ? { hostname: address.hostname, port: address.port } : { unix: address.path };
  }

  /** A client that has exchanged prefaces; closed with the server. */
  async client(...entries: (readonly [setting: number, value: number])[]): Promise<RawClient> {
    const client = await RawClient.open(this.target, ...entries);
    this.#clients.push(client);
    return client;
  }

  /** A client that has sent nothing. */
  async silentClient(): Promise<RawClient> {
    const client = await RawClient.connect(this.target);
    this.#clients.push(client);
    return client;
  }

  async stream(index = 0): Promise<Accepted> {
    await this.until(() => this.streams.length > index);
    const accepted = this.streams[index];
    if (accepted === undefined) throw new Error(`no stream ${index}`);
    return accepted;
  }

  async until(condition: () => boolean, withinMs = 5_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!condition()) {
      expect(performance.now(), `still waiting; events: ${this.events.join(", ")}`).toBeLessThan(deadline);
      await Bun.sleep(2);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.server.close();
    expect(this.server.openStreams).toBe(0);
    expect(this.failures).toEqual([]);
  }
}

export const OK: FieldLines = [":status", "200", "content-type", "application/grpc"];
export const TRAILERS: FieldLines = ["grpc-status", "0"];
