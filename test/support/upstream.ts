/**
 * The HTTP/1.1 server behind Envoy. It echoes what it received as JSON unless a test gave the path another answer, and
 * keeps every request as it came over the wire.
 */
import {
  type FieldLine,
  type MessageHead,
  encodeChunk,
  encodeHead,
  encodeLastChunk,
  openParser,
  toBytes,
} from "./http1.ts";
import { type SocketWriter, openWriter } from "./socket.ts";

export interface UpstreamRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly FieldLine[];
  readonly body: Buffer;
  readonly trailers: readonly FieldLine[];
}

export interface UpstreamAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: readonly FieldLine[];
  /** A stream goes out chunked, piece by piece; anything else with a content-length. Default: empty. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Makes the body chunked. */
  readonly trailers?: readonly FieldLine[];
}

/** What the echo answers. `text` is the body as Latin-1 up to 4 KiB, else "". */
export interface Echo {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly FieldLine[];
  readonly length: number;
  readonly sha256: string;
  readonly text: string;
  readonly trailers: readonly FieldLine[];
}

export type Respond = (request: UpstreamRequest) => UpstreamAnswer | Promise<UpstreamAnswer>;

/** Speaks for a connection by hand: called with the request's head, before its body. */
export type Converse = (head: MessageHead, connection: UpstreamConnection) => void;
export interface UpstreamConnection {
  write(bytes: Uint8Array | string): void;
  /** Bytes of the request's body as they come, and its end. */
  onBody(listener: (bytes: Uint8Array) => void): void;
  onEnd(listener: () => void): void;
  /** Bytes that came after a 101 answer. */
  onTunnel(listener: (bytes: Uint8Array) => void): void;
  close(): void;
}

export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** Complete requests, oldest first. */
  readonly requests: UpstreamRequest[];
  /** Answers requests whose path (without query) is `path`. */
  answer(path: string, respond: Respond): void;
  converse(path: string, converse: Converse): void;
}

interface Connection {
  readonly writer: SocketWriter;
  push(bytes: Uint8Array): void;
}

export function startUpstream(): Upstream {
  const requests: UpstreamRequest[] = [];
  const answers = new Map<string, Respond>();
  const conversations = new Map<string, Converse>();

  const server = Bun.listen<Connection>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        const writer = openWriter(socket);
        let head: MessageHead = { startLine: "", headers: [] };
        let body: Uint8Array[] = [];
        let conversing = false;
        let onTunnel = (_bytes: Uint8Array): void => {};
        let onBody = (bytes: Uint8Array): void => void body.push(bytes);
        let onEnd = (): void => {};
        const parser = openParser({
          onHead: (received) => {
            head = received;
            body = [];
            onBody = (bytes) => void body.push(bytes);
            const converse = conversations.get(pathOf(received));
            conversing = converse !== undefined;
            converse?.(received, {
              write: (bytes) => writer.write(Buffer.from(bytes)),
              onBody: (listener) => {
                onBody = listener;
              },
              onEnd: (listener) => {
                onEnd = listener;
              },
              onTunnel: (listener) => {
                onTunnel = listener;
              },
              close: () => writer.end(),
            });
          },
          onBody: (bytes) => onBody(bytes),
          onEnd: (trailers) => {
            const [method = "", target = ""] = head.startLine.split(" ");
            const request = { method, target, headers: head.headers, body: Buffer.concat(body), trailers };
            requests.push(request);
            if (conversing) return onEnd();
            const respond = answers.get(pathOf(head)) ?? echo;
            void Promise.resolve(respond(request)).then((answer) => send(writer, request.method, answer));
          },
          onTunnel: () => {},
        });
        // A request that switches protocols has no length: what follows its head belongs to the new protocol.
        let upgraded = false;
        socket.data = {
          writer,
          push: (bytes) => {
            if (upgraded) return onTunnel(bytes);
            parser.push(bytes);
            upgraded = conversing && isUpgrade(head);
          },
        };
      },
      data: (socket, bytes) => socket.data.push(bytes),
      drain: (socket) => socket.data.writer.onDrain(),
    },
  });

  return {
    port: server.port,
    requests,
    answer: (path, respond) => void answers.set(path, respond),
    converse: (path, converse) => void conversations.set(path, converse),
    [Symbol.asyncDispose]: () => {
      server.stop(true);
      return Promise.resolve();
    },
  };
}

async function send(writer: SocketWriter, method: string, answer: UpstreamAnswer): Promise<void> {
  const { status = 200, headers = [], body = "", trailers } = answer;
  const startLine = `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Status"}`;
  const whole = typeof body === "string" || body instanceof Uint8Array;
  const bodyless = status === 204 || status === 304;
  if (whole && trailers === undefined) {
    const bytes = toBytes(body);
    const length: FieldLine[] = bodyless ? [] : [["content-length", String(bytes.length)]];
    writer.write(encodeHead(startLine, [...headers, ...length]));
    if (method !== "HEAD" && !bodyless) writer.write(bytes);
    return;
  }
  writer.write(encodeHead(startLine, [...headers, ["transfer-encoding", "chunked"]]));
  if (whole) writer.write(encodeChunk(toBytes(body)));
  else for await (const piece of body) writer.write(encodeChunk(piece));
  writer.write(encodeLastChunk(trailers));
}

function echo(request: UpstreamRequest): UpstreamAnswer {
  const { body, ...rest } = request;
  const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  const text = body.length <= 4096 ? body.toString("latin1") : "";
  const answer: Echo = { ...rest, length: body.length, sha256, text };
  return { headers: [["content-type", "application/json"]], body: JSON.stringify(answer) };
}

function pathOf(head: MessageHead): string {
  const target = head.startLine.split(" ")[1] ?? "";
  return target.split("?", 1)[0] ?? "";
}

function isUpgrade(head: MessageHead): boolean {
  return head.headers.some(([name]) => name.toLowerCase() === "upgrade");
}
