/** One keep-alive HTTP/1.1 connection, one request at a time, always the same. */
import type { Socket } from "bun";
import { AnswerReader } from "./answer-reader.ts";

export interface HttpConnectionEvents {
  /** The whole answer arrived; the connection is free, or of no more use when the server closes it. */
  answered(status: number, closes: boolean): void;
  /** The connection was lost, or an answer was framed in a way it does not read. It is of no more use. */
  lost(): void;
}

export class HttpConnection {
  readonly #request: Uint8Array;
  readonly #events: HttpConnectionEvents;
  #socket: Socket | null = null;
  readonly #reader = new AnswerReader();

  /** @param request Head and body. */
  constructor(request: Uint8Array, events: HttpConnectionEvents) {
    this.#request = request;
    this.#events = events;
  }

  /** Rejects when nobody listens. */
  async open(port: number): Promise<void> {
    this.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, chunk) => this.#read(chunk),
        close: () => this.#end(),
        error: () => this.#end(),
      },
    });
  }

  /** Only while the connection is free. The request is small: the socket takes it whole. */
  send(): void {
    this.#socket?.write(this.#request);
  }

  /** Ends the connection without reporting it lost. */
  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.end();
  }

  #read(chunk: Buffer): void {
    const result = this.#reader.push(chunk);
    if (result === "broken") this.#end();
    else if (result !== null) this.#events.answered(result, this.#reader.closes);
  }

  #end(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.end();
    this.#events.lost();
  }
}
