/**
 * Methods written as async functions and generators, for services whose speed does not matter. What a handler throws as
 * `GrpcError` becomes the status; anything else is a defect: INTERNAL, and the observer is told.
 */
import { StatusCode, type CallReceiver, type GrpcMethod, type ServerCall } from "./contract.ts";
import { GrpcError } from "./grpc-error.ts";
import { MessageQueue } from "./message-queue.ts";

/** Reads the requests of a method; may throw `WireError`. */
export interface RequestDecoder<Request> {
  decode(bytes: Uint8Array): Request;
}

/** Writes the responses of a method. */
export interface ResponseEncoder<Response> {
  encode(response: Response): Uint8Array;
}

export type MethodCodec<Request, Response> = RequestDecoder<Request> & ResponseEncoder<Response>;

type Awaitable<T> = T | Promise<T>;

/** Requests a handler has not taken yet from which on the peer's windows stay closed. */
const MAX_WAITING_REQUESTS = 16;

/** One request, one response. */
export function unary<Request, Response>(
  codec: MethodCodec<Request, Response>,
  handler: (request: Request, call: ServerCall) => Awaitable<Response>,
): GrpcMethod {
  return bidi(codec, async function* (requests, call) {
    yield await handler(await onlyOne(requests), call);
  });
}

/** Many requests, one response. */
export function clientStreaming<Request, Response>(
  codec: MethodCodec<Request, Response>,
  handler: (requests: AsyncIterable<Request>, call: ServerCall) => Awaitable<Response>,
): GrpcMethod {
  return bidi(codec, async function* (requests, call) {
    yield await handler(requests, call);
  });
}

/** One request, many responses. */
export function serverStreaming<Request, Response>(
  codec: MethodCodec<Request, Response>,
  handler: (request: Request, call: ServerCall) => AsyncIterable<Response>,
): GrpcMethod {
  return bidi(codec, async function* (requests, call) {
    yield* handler(await onlyOne(requests), call);
  });
}

/** Many requests, many responses, in any order. The call ends with OK when the responses end. */
export function bidi<Request, Response>(
  codec: MethodCodec<Request, Response>,
  handler: (requests: AsyncIterable<Request>, call: ServerCall) => AsyncIterable<Response>,
): GrpcMethod {
  return {
    open(call) {
      const receiver = new QueueingReceiver(call, codec);
      void sendAll(call, codec, handler(receiver.requests, call), receiver);
      return receiver;
    },
  };
}

/** Sends the responses as they come, waiting while the peer takes none, and ends the call. Never rejects. */
async function sendAll<Response>(
  call: ServerCall,
  codec: ResponseEncoder<Response>,
  responses: AsyncIterable<Response>,
  receiver: QueueingReceiver<unknown>,
): Promise<void> {
  try {
    for await (const response of responses) {
      if (call.ended) return;
      if (!call.send(codec.encode(response))) await receiver.writable();
    }
    call.end({ code: StatusCode.OK });
  } catch (error) {
    if (error instanceof GrpcError) call.end(error.status);
    else if (!call.ended) call.fail(error);
  }
}

async function onlyOne<Request>(requests: AsyncIterable<Request>): Promise<Request> {
  const all: Request[] = [];
  for await (const request of requests) {
    if (all.push(request) > 1) break;
  }
  const [request] = all;
  if (all.length !== 1 || request === undefined) {
    throw new GrpcError(StatusCode.INTERNAL, `a single request was expected, ${all.length} came`);
  }
  return request;
}

/** Queues decoded requests for a handler. */
class QueueingReceiver<Request> implements CallReceiver {
  readonly requests: MessageQueue<Request>;
  readonly #call: ServerCall;
  readonly #codec: RequestDecoder<Request>;
  #writable: PromiseWithResolvers<void> | null = null;

  constructor(call: ServerCall, codec: RequestDecoder<Request>) {
    this.#call = call;
    this.#codec = codec;
    this.requests = new MessageQueue(() => call.resume());
  }

  /** Resolves when more can be sent, or when nobody listens any more. */
  async writable(): Promise<void> {
    if (this.#call.ended) return;
    this.#writable ??= Promise.withResolvers<void>();
    await this.#writable.promise;
  }

  onMessage(bytes: Uint8Array, start: number, end: number): void {
    this.requests.push(this.#codec.decode(bytes.subarray(start, end)));
    if (this.requests.length >= MAX_WAITING_REQUESTS) this.#call.pause();
  }

  onHalfClose(): void {
    this.requests.close();
  }

  onCancel(reason: string): void {
    this.requests.fail(new GrpcError(StatusCode.CANCELLED, reason));
    this.onWritable();
  }

  onWritable(): void {
    this.#writable?.resolve();
    this.#writable = null;
  }
}
