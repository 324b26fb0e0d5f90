/**
 * The types function authors write against: `import type { Middleware } from "digitalhub-processor"`.
 * Only types: nothing of this package is needed at run time.
 */

/**
 * A function in the path of HTTP exchanges. Called once an exchange, with the request headers; `await next()` lets the
 * request go on and resolves with the response.
 *
 * - Returning a `Response` before `next()` answers the client at once; after it, it replaces the response.
 * - Returning nothing, or what `next()` gave, lets the (changed) message go on.
 * - A function that does not await `next()` is done with the request: the response passes unseen, which is cheaper.
 */
export type Middleware = (exchange: Exchange, next: Next) => MiddlewareResult | Promise<MiddlewareResult>;
/** Fixes the request and resolves with the response headers. A second call returns the same promise. */
export type Next = () => Promise<ResponseMessage>;
export type MiddlewareResult = Response | ResponseMessage | void;

/** One HTTP request and its response, in flight. */
export interface Exchange {
  /** Value of the request-id header, or a fresh UUID. */
  readonly id: string;
  readonly request: RequestMessage;
  /** False when the exchange began with the response: local replies of the proxy, filters set up for responses only. */
  readonly requestSeen: boolean;
  /** What the proxy knows of the exchange, as far as its configuration sends it (`request_attributes`, `response_attributes`). */
  readonly attributes: Attributes;
  /** Metadata of the proxy: read what it forwards, set what it shall store. */
  readonly metadata: Metadata;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Bound to the exchange's id. */
  readonly log: FunctionLog;
  /** RESPONSE_CODE_DETAILS of an immediate answer, for the proxy's access log. */
  details: string;
  /** Makes the proxy choose the route again after the changes to the request. */
  clearRouteCache(): void;
}

/** A message in flight. Reading never changes what is forwarded, only assigning does. */
export interface Message {
  readonly headers: HeaderList;
  /**
   * The body as a stream, one a message; null when there is none. Assigning replaces the body: text and bytes whole,
   * what is given piece by piece as it flows where the body mode allows, `null` empties it.
   */
  get body(): ReadableStream<Uint8Array> | null;
  set body(value: FlowingBody | Uint8Array | string | null);
  /** The whole body, decoded of its content coding. May be called again and gives the same. */
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  json(): Promise<unknown>;
  /** The trailer fields, null when none come. Awaiting them releases headers and body first. */
  readonly trailers: Promise<HeaderList | null>;
}

export interface RequestMessage extends Message {
  /** Path with query, as in the request line. */
  path: string;
  /** Assigning throws `NOT_ALLOWED_BY_ENVOY` unless the trigger says `allowRouting`. */
  method: string;
  /** Assigning throws `NOT_ALLOWED_BY_ENVOY` unless the trigger says `allowRouting`. */
  authority: string;
  readonly scheme: string;
  readonly url: URL;
}

export interface ResponseMessage extends Message {
  status: number;
}

/** A body given piece by piece, bytes or text: a stream, or whatever else `for await` reads, as an `async function*` returns it. */
export type FlowingBody = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

/**
 * The header fields of a message: the methods of the web's `Headers`, without its sorting, joining and refusing.
 * Iterates in arrival order, one entry a field line, names in lower case, no pseudo headers. Values are Latin-1,
 * byte-exact both ways. `set` and `append` throw on characters above U+00FF, CR, LF and NUL, naming the header.
 */
export interface HeaderList extends Iterable<[string, string]> {
  /** All values of the name joined with ", " (`cookie` with "; "); null when there is none. */
  get(name: string): string | null;
  getAll(name: string): string[];
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  forEach(callback: (value: string, name: string, list: HeaderList) => void): void;
}

/** Attributes Envoy always sends as text. */
export type TextAttribute =
  | `request.${"path" | "url_path" | "host" | "scheme" | "method" | "referer" | "useragent" | "id" | "protocol" | "query" | "time"}`
  | `response.${"code_details"}`
  | `source.address`
  | `destination.address`
  | `upstream.address`
  | `connection.${"requested_server_name" | "tls_version" | "subject_peer_certificate" | "subject_local_certificate" | "uri_san_peer_certificate" | "dns_san_peer_certificate"}`
  | `xds.${"cluster_name" | "route_name" | "virtual_host_name" | "filter_chain_name"}`;
/** Attributes Envoy sends as numbers. */
export type NumberAttribute =
  | `request.${"size" | "total_size"}`
  | `response.${"code" | "flags" | "grpc_status" | "size" | "total_size"}`
  | `${"source" | "destination" | "upstream"}.port`
  | `connection.id`;

export interface Attributes extends Iterable<[string, AttributeValue]> {
  get(name: TextAttribute): string | undefined;
  get(name: NumberAttribute): number | undefined;
  get(name: "connection.mtls"): boolean | undefined;
  get(name: string): AttributeValue | undefined;
}
export type AttributeValue = JsonValue;

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

export interface Metadata {
  /** A value of the metadata the proxy forwards (`metadata_options.forwarding_namespaces`). */
  get(namespace: string, key: string): JsonValue | undefined;
  /** Sends dynamic metadata back with the next answer; the proxy keeps it if `receiving_namespaces` lists the namespace. */
  set(namespace: string, key: string, value: JsonValue): void;
  /** Metadata of the ext_proc call itself: `grpc_service.initial_metadata`. */
  initial(name: string): string | undefined;
}

/** `log.info("text")` or `log.info({ order: 7 }, "text")`. */
export interface FunctionLog {
  debug(fields: object, message: string): void;
  debug(message: string): void;
  info(fields: object, message: string): void;
  info(message: string): void;
  warn(fields: object, message: string): void;
  warn(message: string): void;
  error(fields: object, message: string): void;
  error(message: string): void;
}

/**
 * A request handler as every Web-standard server takes it: `export default { fetch }`, `export default app` or
 * `export default function (request)`. The body of the request arrives while it runs, that of the response may leave
 * while it is made. `request.signal` aborts when the client is gone.
 */
export type FetchHandler = (request: Request, server: FetchServer) => Response | Promise<Response>;

/** The module whose default export has `fetch`. */
export interface FetchModule {
  fetch(request: Request, server: FetchServer): Response | undefined | Promise<Response | undefined>;
  /** What WebSockets do that `server.upgrade` opened. */
  readonly websocket?: WebSocketHandlers;
}

/** The server in front of a `fetch` handler. Where there is none, in a job or on a schedule, it upgrades nothing. */
export interface FetchServer {
  /**
   * Answers a request for a WebSocket by opening it; `data` becomes `ws.data`. The handler then returns nothing. False
   * when the request asks for none; throws when the module exports no `websocket`.
   */
  upgrade(
    request: Request,
    options?: { readonly headers?: Headers | Record<string, string>; readonly data?: unknown },
  ): boolean;
  /** Null once the connection is closed. */
  requestIP(request: Request): { readonly address: string; readonly port: number; readonly family: string } | null;
}

/** A WebSocket of a `fetch` module. */
export interface FunctionSocket {
  readonly data: unknown;
  readonly readyState: number;
  readonly remoteAddress: string;
  /** -1: it waits for the client to take it, 0: the connection is gone, else the number of bytes sent. */
  send(message: string | Uint8Array<ArrayBuffer>): number;
  close(code?: number, reason?: string): void;
}

export interface WebSocketHandlers {
  message(socket: FunctionSocket, message: string | Buffer<ArrayBuffer>): void | Promise<void>;
  open?(socket: FunctionSocket): void | Promise<void>;
  drain?(socket: FunctionSocket): void | Promise<void>;
  close?(socket: FunctionSocket, code: number, reason: string): void | Promise<void>;
}

/**
 * A handler as Nuclio calls it. Its result is the first of: what it returns, what its promise resolves with, what it
 * gives to `context.callback`. Returning `undefined` is a result too, except in a module that uses `context.callback`:
 * there a handler that is not async and has nothing to say returns `null`.
 *
 * Results: text or bytes (the body), `[status, body]`, `context.Response` or the Web's `Response`, anything else as JSON;
 * `undefined`, `null` and "" are no body. An `Error` is a failure, as is a throw.
 */
export type NuclioHandler = (context: NuclioContext, event: NuclioEvent) => unknown;
/** Called once before the first event. */
export type NuclioInitContext = (context: NuclioContext) => unknown;

export interface NuclioEvent {
  readonly id: string;
  readonly body: Buffer;
  readonly content_type: string;
  readonly "content-type": string;
  readonly trigger: { readonly kind: string; readonly name: string };
  readonly fields: Readonly<Record<string, string>>;
  /** Values are text. Names are lower-case under extproc. */
  readonly headers: Readonly<Record<string, string>>;
  readonly method: string;
  readonly path: string;
  readonly url: string;
  readonly timestamp: Date;
  readonly size: number;
  readonly shard_id: number;
  readonly num_shards: number;
  readonly type: string;
  readonly type_version: string;
  readonly version: string;
  readonly offset: number;
  readonly topic: string;
}

export interface NuclioContext {
  callback(result: unknown): void;
  readonly Response: NuclioResponseConstructor;
  readonly userData: Record<string, unknown>;
  readonly logger: NuclioLogger;
  readonly workerId: string;
  readonly trigger: { readonly kind: string; readonly name: string };
  /** `PROJECT_NAME` of the environment, which Digital Hub sets. */
  readonly project: DigitalHubProject | undefined;
  /** `RUN_ID` of the environment; the whole run in a job function of Digital Hub's form. */
  readonly run: DigitalHubRun | undefined;
}

export interface DigitalHubProject {
  readonly name: string;
}

/** A run as Digital Hub Core has it; more than `id` is there where a job was started with it. */
export interface DigitalHubRun {
  readonly id: string;
  readonly project?: string;
  readonly [field: string]: unknown;
}

export type NuclioResponseConstructor = new (
  body?: unknown,
  headers?: Record<string, unknown> | null,
  contentType?: string,
  statusCode?: number,
  bodyEncoding?: "text" | "base64",
) => NuclioResponse;

export interface NuclioResponse {
  body: unknown;
  headers: Record<string, unknown> | null;
  content_type: string;
  status_code: number;
  body_encoding: "text" | "base64";
}

export type NuclioLogMethod = (message: string, fields?: object) => void;
export interface NuclioLogger {
  readonly debug: NuclioLogMethod;
  readonly info: NuclioLogMethod;
  readonly warn: NuclioLogMethod;
  readonly error: NuclioLogMethod;
  readonly debugWith: NuclioLogMethod;
  readonly infoWith: NuclioLogMethod;
  readonly warnWith: NuclioLogMethod;
  readonly errorWith: NuclioLogMethod;
}
