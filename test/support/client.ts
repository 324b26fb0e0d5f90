/** HTTP clients that show exactly what came back: an HTTP/1.1 connection driven by hand, and HTTP/2 requests. */
import { type ClientHttp2Session, connect } from "node:http2";
import { type FieldLine, encodeChunk, encodeHead, encodeLastChunk, openParser, toBytes } from "./http1.ts";
import { openWriter } from "./socket.ts";

export interface ClientRequest {
  /** Default GET. */
  readonly method?: string;
  readonly path: string;
  /** Sent as they stand; host (HTTP/1.1: "test.example") is added when missing. */
  readonly headers?: readonly FieldLine[];
  readonly body?: string | Uint8Array;
  /** Sends the body chunked instead of with a content-length. */
  readonly chunked?: boolean;
  readonly timeoutMs?: number;
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: readonly FieldLine[];
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: readonly FieldLine[];
}

/** One HTTP/1.1 connection. Responses come in the order of the requests. */
export interface ClientConnection extends Disposable {
  write(bytes: Uint8Array | string): void;
  send(request: ClientRequest): void;
  /** The next complete response. Rejects when the connection ends first or time is up. */
  response(timeoutMs?: number): Promise<ClientResponse>;
  /** Resolves with the next piece of a connection that switched protocols. */
  tunnel(timeoutMs?: number): Promise<Buffer>;
  /** Resolves once the other side has closed. */
  readonly closed: Promise<void>;
  close(): void;
}

/** A queue with one reader: values that came early wait, readers that came early too. */
interface Inbox<Value> {
  push(value: Value): void;
  fail(error: Error): void;
  take(timeoutMs: number, what: string): Promise<Value>;
}

export async function openConnection(port: number): Promise<ClientConnection> {
  const responses = openInbox<ClientResponse>();
  const tunnelled = openInbox<Buffer>();
  const closed = Promise.withResolvers<void>();
  const methods: string[] = [];
  let status = 0;
  let headers: readonly FieldLine[] = [];
  let body: Uint8Array[] = [];
  const deliver = (trailers: readonly FieldLine[]): void => {
    const bytes = Buffer.concat(body);
    methods.shift();
    responses.push({ status, headers, body: bytes, text: bytes.toString("utf8"), trailers });
  };
  const parser = openParser(
    {
      onHead: (head) => {
        status = Number(head.startLine.split(" ")[1]);
        headers = head.headers;
        body = [];
        if (status === 101) deliver([]);
      },
      onBody: (bytes) => void body.push(bytes),
      onEnd: deliver,
      onTunnel: (bytes) => tunnelled.push(Buffer.from(bytes)),
    },
    () => methods[0] !== "HEAD",
  );
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: () => {},
      data: (_socket, bytes) => parser.push(Uint8Array.from(bytes)),
      drain: () => writer.onDrain(),
      close: () => {
        const cut = parser.close();
        const error = new Error(cut ? "the connection closed inside a response" : "the connection closed");
        responses.fail(error);
        tunnelled.fail(error);
        closed.resolve();
      },
    },
  });
  const writer = openWriter(socket);

  return {
    write: (bytes) => writer.write(toBytes(bytes)),
    send: (request) => {
      methods.push(request.method ?? "GET");
      writer.write(encodeRequest(request));
    },
    response: (timeoutMs = 10_000) => responses.take(timeoutMs, "response"),
    tunnel: (timeoutMs = 10_000) => tunnelled.take(timeoutMs, "tunnelled bytes"),
    closed: closed.promise,
    close: () => void socket.end(),
    [Symbol.dispose]: () => void socket.end(),
  };
}

/** One request on a connection of its own. */
export async function request(port: number, options: ClientRequest): Promise<ClientResponse> {
  using connection = await openConnection(port);
  connection.send(options);
  return await connection.response(options.timeoutMs);
}

function encodeRequest({ method = "GET", path, headers = [], body, chunked = false }: ClientRequest): Uint8Array {
  const lines: FieldLine[] = [...headers];
  if (!lines.some(([name]) => name.toLowerCase() === "host")) lines.unshift(["host", "test.example"]);
  const startLine = `${method} ${path} HTTP/1.1`;
  if (body === undefined) return encodeHead(startLine, lines);
  const bytes = toBytes(body);
  if (!chunked)
    return Buffer.concat([encodeHead(startLine, [...lines, ["content-length", String(bytes.length)]]), bytes]);
  const pieces = bytes.length === 0 ? [] : [encodeChunk(bytes)];
  return Buffer.concat([
    encodeHead(startLine, [...lines, ["transfer-encoding", "chunked"]]),
    ...pieces,
    encodeLastChunk(),
  ]);
}

function openInbox<Value>(): Inbox<Value> {
  const values: Value[] = [];
  const readers: PromiseWithResolvers<Value>[] = [];
  let failure: Error | null = null;
  return {
    push: (value) => {
      const reader = readers.shift();
      if (reader === undefined) values.push(value);
      else reader.resolve(value);
    },
    fail: (error) => {
      failure = error;
      for (const reader of readers.splice(0)) reader.reject(error);
    },
    take: async (timeoutMs, what) => {
      const value = values.shift();
      if (value !== undefined) return value;
      if (failure !== null) throw failure;
      const reader = Promise.withResolvers<Value>();
      readers.push(reader);
      const timer = setTimeout(() => reader.reject(new Error(`no ${what} within ${timeoutMs} ms`)), timeoutMs);
      try {
        return await reader.promise;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** HTTP/2 requests with prior knowledge, all on one connection. */
export interface Http2Client extends AsyncDisposable {
  request(options: ClientRequest): Promise<ClientResponse>;
}

export async function openHttp2(port: number): Promise<Http2Client> {
  const session = connect(`http://127.0.0.1:${port}`);
  await new Promise<void>((resolve, reject) => session.once("connect", () => resolve()).once("error", reject));
  session.on("error", () => {}); // Each request reports its own failure.
  return {
    request: (options) => requestHttp2(session, options),
    [Symbol.asyncDispose]: () => {
      session.destroy();
      return Promise.resolve();
    },
  };
}

function requestHttp2(session: ClientHttp2Session, options: ClientRequest): Promise<ClientResponse> {
  const { method = "GET", path, headers = [], body, timeoutMs = 10_000 } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ClientResponse>();
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of headers) fields[name] = [...[fields[name] ?? []].flat(), value];
  const stream = session.request({ ":method": method, ":path": path, ":authority": "test.example", ...fields });
  const timer = setTimeout(() => {
    stream.destroy();
    reject(new Error(`no response within ${timeoutMs} ms`));
  }, timeoutMs);
  let status = 0;
  let received: readonly FieldLine[] = [];
  let trailers: readonly FieldLine[] = [];
  const pieces: Uint8Array[] = [];
  stream.on("response", (found) => {
    status = Number(found[":status"]);
    received = toFieldLines(found);
  });
  stream.on("trailers", (found) => {
    trailers = toFieldLines(found);
  });
  stream.on("data", (piece: Uint8Array) => void pieces.push(piece));
  stream.on("error", reject);
  stream.on("end", () => {
    const bytes = Buffer.concat(pieces);
    resolve({ status, headers: received, body: bytes, text: bytes.toString("utf8"), trailers });
  });
  stream.end(body);
  return promise.finally(() => clearTimeout(timer));
}

function toFieldLines(fields: object): FieldLine[] {
  return Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
    name.startsWith(":") ? [] : [value].flat().map((single): FieldLine => [name, String(single)]),
  );
}
