/** One unix socket that a wrapper connects to: lines come in, bytes go out. */
import { rmSync } from "node:fs";
import { LineReader } from "./line-reader.ts";

export interface ChannelHandlers {
  readonly line: (line: Buffer) => void;
  /** The wrapper's end is closed. */
  readonly closed: () => void;
}

export interface Channel {
  readonly connected: Promise<void>;
  /** All of it goes out, in order; `bytes` may be changed afterwards only if `transient`. */
  write(bytes: Uint8Array, transient: boolean): void;
  /** Closes the connection, or stops waiting for it; the socket's file is gone then. */
  close(): void;
}

/** Takes one connection: the file of the socket goes as soon as it is there. */
export function openChannel(path: string, handlers: ChannelHandlers): Channel {
  const connected = Promise.withResolvers<void>();
  const lines = new LineReader(handlers.line);
  let socket: Bun.Socket | null = null;
  let unsent: Uint8Array[] = [];

  const flush = (): void => {
    while (socket !== null && unsent.length > 0) {
      const [first = EMPTY, ...others] = unsent;
      const taken = Math.max(0, socket.write(first));
      if (taken < first.byteLength) {
        unsent[0] = first.subarray(taken);
        return;
      }
      unsent = others;
    }
  };
  const listener = Bun.listen({
    unix: path,
    socket: {
      open(opened) {
        socket = opened;
        stopListening();
        connected.resolve();
      },
      data: (_, chunk) => lines.push(chunk),
      drain: flush,
      close() {
        socket = null;
        unsent = [];
        handlers.closed();
      },
      // `close` follows, and is what counts.
      error() {},
    },
  });
  const stopListening = (): void => {
    listener.stop();
    rmSync(path, { force: true });
  };

  return {
    connected: connected.promise,
    write(bytes, transient) {
      if (socket === null) return;
      const taken = unsent.length > 0 ? 0 : Math.max(0, socket.write(bytes));
      if (taken === bytes.byteLength) return;
      const rest = bytes.subarray(taken);
      unsent.push(transient ? Uint8Array.from(rest) : rest);
    },
    close() {
      stopListening();
      socket?.end();
    },
  };
}

const EMPTY = new Uint8Array(0);
