/** HTTP clients that show exactly what came back: an HTTP/1.1 connection driven by hand, and HTTP/2 requests. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { type FieldLine, encodeChunk, encodeHead, encodeLastChunk, openParser, toBytes } from "./http1.ts";
import { type SocketWriter, openWriter } from "./socket.ts";

export interface ClientRequest {
  /** Default GET. */
  readonly method?: string;
  readonly path: string;
  /** Sent as they stand; host (HTTP/1.1: "test.example") is added when missing. */
  readonly headers?: readonly FieldLine[];
  /** Pieces go out one by one, chunked; anything else with a content-length. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Sends the body without a content-length. */
  readonly chunked?: boolean;
  /** Sent behind the body, which makes it chunked. */
  readonly trailers?: readonly FieldLine[];
  /** Pieces of the response's body as they come. HTTP/2 only. */
  readonly onData?: (piece: Uint8Array) => void;
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
    () => methods[0] !== "HEAD" && methods[0] !== "CONNECT",
  );
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: () => {},
      data: (_socket, bytes) => parser.push(new Uint8Array(bytes)),
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
      void writeRequest(writer, request);
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

async function writeRequest(writer: SocketWriter, request: ClientRequest): Promise<void> {
  const { method = "GET", path, headers = [], body = "", chunked = false, trailers } = request;
  const lines: FieldLine[] = [...headers];
  if (!lines.some(([name]) => name.toLowerCase() === "host")) lines.unshift(["host", "test.example"]);
  const startLine = `${method} ${path} HTTP/1.1`;
  const whole = typeof body === "string" || body instanceof Uint8Array;
  if (whole && !chunked && trailers === undefined) {
    const bytes = toBytes(body);
    const length: FieldLine[] = request.body === undefined ? [] : [["content-length", String(bytes.length)]];
    writer.write(encodeHead(startLine, [...lines, ...length]));
    writer.write(bytes);
    return;
  }
  writer.write(encodeHead(startLine, [...lines, ["transfer-encoding", "chunked"]]));
  if (!whole) for await (const piece of body) writer.write(encodeChunk(piece));
  else if (body.length > 0) writer.write(encodeChunk(toBytes(body)));
  writer.write(encodeLastChunk(trailers));
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
  const { method = "GET", path, headers = [], timeoutMs = 10_000 } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ClientResponse>();
  // Name after name, as they stand: an object would gather and join them.
  const pseudo = [":method", method, ":scheme", "http", ":path", path, ":authority", "test.example"];
  const stream = session.request([...pseudo, ...[...contentLength(options), ...headers].flat()], {
    endStream: options.body === undefined && options.trailers === undefined,
    waitForTrailers: options.trailers !== undefined,
  });
  const timer = setTimeout(() => {
    stream.destroy();
    reject(new Error(`no response within ${timeoutMs} ms`));
  }, timeoutMs);
  let status = 0;
  let received: readonly FieldLine[] = [];
  let trailers: readonly FieldLine[] = [];
  let ended = false;
  const pieces: Uint8Array[] = [];
  stream.on("response", (found, _flags, lines) => {
    status = Number(found[":status"]);
    received = toFieldLines(lines);
  });
  stream.on("trailers", (found) => {
    trailers = Object.entries(found).map(([name, value]) => [name, String(value)]);
  });
  stream.on("wantTrailers", () => stream.sendTrailers(Object.fromEntries(options.trailers ?? [])));
  stream.on("data", (piece: Uint8Array) => {
    pieces.push(piece);
    options.onData?.(piece);
  });
  stream.on("error", reject);
  stream.on("aborted", () => {
    if (!ended) reject(new Error(`the stream was reset after status ${status}`));
  });
  stream.on("end", () => {
    ended = true;
    const bytes = Buffer.concat(pieces);
    resolve({ status, headers: received, body: bytes, text: bytes.toString("utf8"), trailers });
  });
  if (!stream.writableEnded) void writeHttp2Body(stream, options);
  return promise.finally(() => clearTimeout(timer));
}

function contentLength({ body, chunked, trailers }: ClientRequest): FieldLine[] {
  const whole = typeof body === "string" || body instanceof Uint8Array;
  if (!whole || chunked === true || trailers !== undefined) return [];
  return [["content-length", String(toBytes(body).length)]];
}

/** A chunked body ends in an empty DATA frame of its own. */
async function writeHttp2Body(stream: ClientHttp2Stream, options: ClientRequest): Promise<void> {
  const { body = "" } = options;
  if (typeof body === "string" || body instanceof Uint8Array) {
    stream.end(options.body);
    return;
  }
  for await (const piece of body) stream.write(piece);
  stream.end();
}

function toFieldLines(lines: readonly string[]): FieldLine[] {
  const found: FieldLine[] = [];
  for (let at = 0; at < lines.length; at += 2) found.push([lines[at] ?? "", lines[at + 1] ?? ""]);
  return found.filter(([name]) => !name.startsWith(":"));
}
