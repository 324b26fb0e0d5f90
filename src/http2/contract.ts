/**
 * What an HTTP/2 server connection (RFC 9113) gives to the layer above it, and what it asks of it.
 * Nothing here knows gRPC; nothing above sees a frame.
 */

/**
 * Field lines in arrival order, flat: names at even indexes, values at odd ones.
 * Names are lower-case; values are Latin-1 text, one character a byte. Pseudo header fields come first.
 * A list that is sent often should be one constant array: its encoding is remembered by identity.
 */
export type FieldLines = readonly string[];

/** Error codes of RFC 9113 section 7. */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/**
 * One request and its response. A response that ends before the request did also ends the request: the peer is told so
 * by RST_STREAM(NO_ERROR) (RFC 9113 section 8.1). All calls are legal at any time: after the stream ended they do nothing, so that a
 * late answer to a peer that has gone is no error. Output is gathered and written once a read pass.
 */
export interface Http2Stream {
  readonly id: number;
  /** True once both sides ended or either side reset the stream. */
  readonly closed: boolean;
  /** Bytes handed to `sendData` that flow control or the socket still holds back. */
  readonly queuedBytes: number;
  /** Sends the response's field section. `endStream` ends the response with it. */
  sendHeaders(fields: FieldLines, endStream: boolean): void;
  /** Sends body bytes. The array belongs to the stream from here on; it may be kept until the peer's window opens. */
  sendData(bytes: Uint8Array, endStream: boolean): void;
  /** Sends the trailer section, after all queued data, and ends the response. */
  sendTrailers(fields: FieldLines): void;
  /** Sends RST_STREAM at once; queued data is dropped. */
  reset(code: ErrorCode): void;
  /** Gives `bytes` of received body back to the peer's send window. What is never consumed is never refilled. */
  consume(bytes: number): void;
}

/** What the layer above does with one stream. Called synchronously from the read pass; must not throw. */
export interface Http2StreamHandler {
  /**
   * A piece of the body, in order, never empty: `bytes[start, end)` of the received chunk. Consume it in time. Offsets,
   * because a view for each frame would cost more than all else that is done with it.
   * Returns true when nothing looks at the bytes after the call: their memory may be given back at once. Else they may be
   * kept for as long as they are needed.
   */
  onData(bytes: Uint8Array, start: number, end: number): boolean;
  /** The peer ended its side; `trailers` is null when it ended with DATA or with the headers. Called once. */
  onEnd(trailers: FieldLines | null): void;
  /**
   * The stream ended before its time: RST_STREAM, lost connection, or our own protocol verdict. Called at most once, last;
   * not after both sides ended, nor after `reset` or the end of the response here.
   */
  onReset(code: ErrorCode): void;
  /** `queuedBytes` fell to zero after it had been above zero. */
  onWritable(): void;
}

/** Accepts streams. `endStream` means no body follows (`onEnd` is not called again). */
export interface Http2Acceptor {
  onStream(stream: Http2Stream, fields: FieldLines, endStream: boolean): Http2StreamHandler;
}

/** Receives what happens on the connections; the only way this layer reports. All calls are cheap and must not throw. */
export interface Http2Observer {
  connectionOpened(): void;
  /** `reason` is a short stable phrase, e.g. "peer closed", "idle", "abuse: ping flood", "protocol error: …". */
  connectionClosed(reason: string): void;
  /** A limit of the abuse budgets was reached; `budget` is its name in abuse-budget.ts. The connection is ended. */
  abuseRefused(budget: string): void;
  /** An acceptor or stream handler threw: a defect above this layer. Its stream was reset with INTERNAL_ERROR. */
  handlerFailed?(error: unknown): void;
}

export type ListenAddress =
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string; /** File mode, e.g. 0o660. */ readonly mode: number };

/** PEM texts. `clientCa` turns on mutual TLS: clients without a certificate it signed are refused. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

/** Every limit has a default in options.ts. Sizes in bytes, times in milliseconds. */
export interface Http2ServerOptions {
  readonly address: ListenAddress;
  readonly tls?: TlsOptions | undefined;
  /** Several listeners (one a worker thread) share the TCP port. */
  readonly reusePort?: boolean;
  /** SETTINGS_MAX_CONCURRENT_STREAMS; until the peer acknowledged it up to 1,024 streams are served. Default 1024. */
  readonly maxConcurrentStreams?: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE. Default 512 KiB. */
  readonly streamWindowBytes?: number;
  /**
   * Receive window of the connection. It bounds how much one read brings, and with it the memory of large bodies. Default
   * 512 KiB.
   */
  readonly connectionWindowBytes?: number;
  /** Bytes of all streams of a connection that were received and not consumed, from which on its window closes. Default 16 MiB. */
  readonly maxUnconsumedBytes?: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE, enforced. Default 64 KiB. */
  readonly maxHeaderListBytes?: number;
  /** From accept (TLS: from handshake start) to a complete client preface. Default 10,000. */
  readonly prefaceTimeoutMs?: number;
  /** From the first byte of a header block to its last. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** From our SETTINGS to their acknowledgement. Default 30,000. */
  readonly settingsTimeoutMs?: number;
  /** A connection without any open stream is ended after this; 0 = never. Default 3,900,000 (Envoy's pools idle for 1 h). */
  readonly idleTimeoutMs?: number;
  /** A peer that takes nothing of what is queued for it for this long is cut off. Default 30,000. */
  readonly stallTimeoutMs?: number;
  /** Unwritten output of one connection from which on nothing more is read from it. Default 4 MiB. */
  readonly maxQueuedBytes?: number;
}

export interface Http2Server {
  /** The address really bound (port 0 resolved). */
  readonly address: ListenAddress;
  /** Streams open now, over all connections. */
  readonly openStreams: number;
  /**
   * Graceful end (RFC 9113 section 6.8): GOAWAY(2^31-1) and PING on every connection; after its ACK, at most 1 s,
   * GOAWAY with the true last stream id; only then the listener closes. Resolves when all streams have ended.
   * Aborting `deadline` resolves at once with what is left still open, so that the owner can end it properly.
   */
  drain(deadline: AbortSignal): Promise<void>;
  /** Ends listener and connections at once. */
  close(): void;
}
