/**
 * gRPC over HTTP/2, server side: what a service implements and what it is given.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */

/** Status codes of gRPC. */
export const StatusCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

/** How a call ends. `code` may be any number a service chooses; `message` any text; it is cut after 2,048 characters. */
export interface GrpcStatus {
  readonly code: number;
  readonly message?: string;
  /** Trailing metadata; names ending in "-bin" take bytes. */
  readonly metadata?: readonly (readonly [name: string, value: string | Uint8Array])[];
}

/** Metadata of a call, in arrival order. Names are lower-case; reserved headers are included, pseudo headers are not. */
export interface CallMetadata {
  /** The first value, as it stands in the header (base64 for "-bin" names). */
  get(name: string): string | undefined;
  getAll(name: string): readonly string[];
  /** The decoded values of a "-bin" name. */
  getBinary(name: string): readonly Uint8Array[];
  entries(): Iterable<readonly [string, string]>;
}

/**
 * Bytes that already carry the 5-byte prefix: one or several whole messages, e.g. a constant answer. In two parts where the
 * last message ends in something large, which then need not be copied behind its beginning.
 */
export type Frames = Uint8Array | SplitFrames;

export interface SplitFrames {
  readonly head: Uint8Array;
  /** In one piece or several. */
  readonly body: Uint8Array | readonly Uint8Array[];
}

/**
 * One call as its service sees it. Calls after the end do nothing. `send…` never blocks: when `false` comes back the
 * peer's windows are full; go on after `onWritable`.
 */
export interface ServerCall {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly metadata: CallMetadata;
  /** Aborted when the call ends for the peer before `end` was called here: reset, lost connection, deadline. Made on first use. */
  readonly signal: AbortSignal;
  readonly ended: boolean;
  /** Leading metadata, before the first message. Optional: headers go with the first message otherwise. */
  sendMetadata(entries: readonly (readonly [name: string, value: string | Uint8Array])[]): void;
  /** Sends one serialised message; the bytes belong to the call from here on. */
  send(message: Uint8Array): boolean;
  /** The same for messages that are framed already. */
  sendFramed(frames: Frames): boolean;
  /**
   * Ends the call. Trailers follow all queued messages; without a message before it this is a Trailers-Only answer. A peer
   * that still sends is told to stop.
   */
  end(status: GrpcStatus): void;
  /** Ends the call with INTERNAL and reports `error` to the observer; its text does not leave the process. */
  fail(error: unknown): void;
  /** Stops giving windows back to the peer: it can send what its windows hold, no more. Messages still arrive. */
  pause(): void;
  resume(): void;
}

/**
 * The service's side of one call. Called synchronously from the read pass; a throw ends the call with INTERNAL. Nothing is
 * called any more after the service ended the call.
 */
export interface CallReceiver {
  /**
   * One message, in order: `bytes[start, end)` of the received chunk where it arrived in one piece, else of a buffer of its
   * own. May be kept.
   */
  onMessage(bytes: Uint8Array, start: number, end: number): void;
  /**
   * A message of `messageBytes` begins with `bytes[start, end)` and goes on in later chunks. Returns who takes it as it comes,
   * these bytes too; null, as without this method: it comes to `onMessage` once it is whole.
   */
  onLongMessage?(bytes: Uint8Array, start: number, end: number, messageBytes: number): MessageParts | null;
  /** The peer sends no more messages. */
  onHalfClose(): void;
  /** The call is over for the peer and `end` was not called: nobody hears an answer any more. Called at most once, last. */
  onCancel(reason: string): void;
  /** Everything `send` held back has left. */
  onWritable(): void;
  /**
   * A message beyond `maxMessageBytes` begins and is skipped unread; `bytes` is its length, or for a compressed message that
   * grows beyond the limit one more than the limit. Return true when the receiver deals with it (it counts as a
   * message then); otherwise the call ends with RESOURCE_EXHAUSTED.
   */
  onOversizedMessage?(bytes: number): boolean;
}

/** Takes one message in parts. */
export interface MessageParts {
  /** The next `bytes[start, end)` of it, of a received chunk. Returns true when nothing looks at them after the call. */
  onPart(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean;
}

export interface GrpcMethod {
  open(call: ServerCall): CallReceiver;
}

export interface GrpcService {
  /** Full name, e.g. "envoy.service.ext_proc.v3.ExternalProcessor". */
  readonly name: string;
  readonly methods: Readonly<Record<string, GrpcMethod>>;
}

export interface GrpcServerOptions {
  readonly services: readonly GrpcService[];
  /** Longest message accepted, after decompression. Default 16 MiB. */
  readonly maxMessageBytes?: number;
  readonly observer?: GrpcObserver;
}

/** Told of the calls of methods that are served. */
export interface GrpcObserver {
  callOpened(path: string): void;
  callEnded(path: string, code: number): void;
  /** A receiver threw: a defect of ours, to be logged with its stack. */
  receiverFailed(path: string, error: unknown): void;
}
