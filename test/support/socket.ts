/** Writing to a socket that may take less than it was given. */
import type { Socket } from "bun";

export interface SocketWriter {
  write(bytes: Uint8Array): void;
  /** Ends our side after everything was written. */
  end(): void;
  /** To be called from the socket's `drain`. */
  onDrain(): void;
}

export function openWriter(socket: Socket<unknown>): SocketWriter {
  let queue: Uint8Array[] = [];
  let ending = false;
  const flush = (): void => {
    while (queue.length > 0) {
      const [first] = queue;
      if (first === undefined) return;
      const taken = socket.write(first);
      if (taken < 0) {
        queue = [];
        return;
      }
      if (taken < first.length) {
        queue[0] = first.subarray(taken);
        return;
      }
      queue.shift();
    }
    if (ending) socket.end();
  };
  return {
    write: (bytes) => {
      if (bytes.length === 0) return;
      queue.push(bytes);
      if (queue.length === 1) flush();
    },
    end: () => {
      ending = true;
      flush();
    },
    onDrain: flush,
  };
}
