/** Speaks HTTP/1.1 byte for byte. */

export interface RawAnswer {
  /** Everything received, Latin-1. */
  readonly text: string;
  /** Of the first response; 0: none came. */
  readonly status: number;
  /** The server closed the connection before `waitMs` were up. */
  readonly closed: boolean;
}

/** Sends the pieces with a pause between them, and gives what came within `waitMs` of silence. */
export async function sendRaw(port: number, pieces: readonly (string | number)[], waitMs = 150): Promise<RawAnswer> {
  let text = "";
  let closed = false;
  const ended = Promise.withResolvers<void>();
  let silence = setTimeout(ended.resolve, waitMs + 2000);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        text += bytes.toString("latin1");
        clearTimeout(silence);
        silence = setTimeout(ended.resolve, waitMs);
      },
      close() {
        closed = true;
        ended.resolve();
      },
      error: () => ended.resolve(),
    },
  });
  for (const piece of pieces) {
    if (typeof piece === "number") await Bun.sleep(piece);
    else socket.write(Buffer.from(piece, "latin1"));
  }
  await ended.promise;
  clearTimeout(silence);
  socket.end();
  return { text, status: Number(/^HTTP\/1\.1 (?!100)(\d{3})/m.exec(text)?.[1] ?? 0), closed };
}

/** Sends and leaves without waiting for an answer. */
export async function sendAndLeave(port: number, piece: string, afterMs: number): Promise<void> {
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
  socket.write(Buffer.from(piece, "latin1"));
  await Bun.sleep(afterMs);
  socket.terminate();
}
