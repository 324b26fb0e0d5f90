/** One unix socket that a wrapper connects to: lines come in, bytes go out. */
import { rmSync } from "node:fs";
import { LineReader } from "./line-reader.ts";

export interface ChannelHandlers {
  readonly line: (line: Buffer) => void;
  /** The wrapper's end is closed. */
  readonly closed: () => void;
}

export class Channel {
  readonly #path: string;
  readonly #listener: Bun.UnixSocketListener<undefined>;
  readonly #closed = Promise.withResolvers<void>();
  #socket: Bun.Socket<undefined> | null = null;
  #unsent: Uint8Array[] = [];
  #taken = 0;

  /** Takes one connection: the socket's file is gone as soon as it has come. */
  constructor(path: string, handlers: ChannelHandlers) {
    const lines = new LineReader(handlers.line);
    this.#path = path;
    this.#listener = Bun.listen<undefined>({
      unix: path,
      socket: {
        open: (socket) => {
          this.#socket = socket;
          this.#stopListening();
        },
        data: (_, chunk) => lines.push(chunk),
        drain: () => this.#flush(),
        close: () => {
          this.#socket = null;
          this.#unsent = [];
          this.#closed.resolve();
          handlers.closed();
        },
        // `close` follows, and is what counts.
        error() {},
      },
    });
  }

  /** Whether there is somebody at the other end, as far as one knows. */
  get open(): boolean {
    return this.#socket !== null;
  }

  /** Bytes that have been taken for the other end. */
  get taken(): number {
    return this.#taken;
  }

  /** All that was sent to us has been read. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** All of it goes out, in order. `transient`: the bytes are changed afterwards. */
  write(bytes: Uint8Array, transient: boolean): void {
    if (this.#socket === null) return;
    const taken = this.#unsent.length > 0 ? 0 : this.#send(this.#socket, bytes);
    if (taken === bytes.byteLength) return;
    const rest = bytes.subarray(taken);
    this.#unsent.push(transient ? Uint8Array.from(rest) : rest);
  }

  /** Lines stop coming, which in the end stops the one who writes them. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Closes the connection, or stops waiting for one. */
  close(): void {
    this.#stopListening();
    this.#socket?.end();
  }

  #flush(): void {
    while (this.#socket !== null && this.#unsent[0] !== undefined) {
      const [first] = this.#unsent;
      const taken = this.#send(this.#socket, first);
      if (taken < first.byteLength) {
        this.#unsent[0] = first.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  /** -1, of a closed socket, is nothing too. */
  #send(socket: Bun.Socket<undefined>, bytes: Uint8Array): number {
    const taken = Math.max(0, socket.write(bytes));
    this.#taken += taken;
    return taken;
  }

  #stopListening(): void {
    this.#listener.stop();
    rmSync(this.#path, { force: true });
  }
}
