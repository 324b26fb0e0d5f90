/** A client that sends what no client should: bytes as they are, slowly, and it may leave in between. */
import { openParser, toBytes } from "../support/http1.ts";
import { openWriter } from "../support/socket.ts";

export interface Sending {
  /** Sent one after the other, `pauseMs` (default 0) apart. */
  readonly parts: readonly (string | Uint8Array)[];
  readonly pauseMs?: number;
  /** Resets the connection this long after the last part. Absent: it waits for the answer. */
  readonly leaveAfterMs?: number;
}

/** "status body", "closed" without an answer, or "left". Rejects when nothing comes for `timeoutMs`. */
export async function send(port: number, sending: Sending, timeoutMs = 20_000): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let status = "";
  const body: Uint8Array[] = [];
  const parser = openParser({
    onHead: ({ startLine }) => (status = startLine.split(" ")[1] ?? ""),
    onBody: (bytes) => void body.push(Buffer.from(bytes)),
    onEnd: () => resolve(`${status} ${Buffer.concat(body).toString()}`.trim()),
    onTunnel: () => {},
  });
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, bytes) => parser.push(new Uint8Array(bytes)),
      drain: () => writer.onDrain(),
      close() {
        parser.close();
        resolve("closed");
      },
      error: () => {}, // `close` follows
    },
  });
  const writer = openWriter(socket);
  const timer = setTimeout(() => reject(new Error(`nothing came within ${timeoutMs} ms`)), timeoutMs);
  try {
    for (const [index, part] of sending.parts.entries()) {
      if (index > 0 && sending.pauseMs !== undefined) await Promise.race([Bun.sleep(sending.pauseMs), promise]);
      writer.write(toBytes(part));
    }
    if (sending.leaveAfterMs === undefined) return await promise;
    await Bun.sleep(sending.leaveAfterMs);
    return "left";
  } finally {
    clearTimeout(timer);
    socket.terminate();
  }
}
