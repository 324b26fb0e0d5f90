/**
 * grpc.testing.TestService, which the interoperability clients of other gRPC implementations call.
 * https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
 */
import type { GrpcService, GrpcStatus, ServerCall } from "../../src/grpc/contract.ts";
import { GrpcError } from "../../src/grpc/grpc-error.ts";
import { bidi, clientStreaming, serverStreaming, unary } from "../../src/grpc/handlers.ts";
import {
  decodeSimpleRequest,
  decodeStreamingInputCallRequest,
  decodeStreamingOutputCallRequest,
  encodePayloadResponse,
  encodeStreamingInputCallResponse,
  type TestRequest,
} from "./messages.ts";

const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";

/** The service; UnimplementedCall is left out, as the tests want it. */
export const testService: GrpcService = {
  name: "grpc.testing.TestService",
  methods: {
    EmptyCall: unary({ decode: () => null, encode: () => new Uint8Array(0) }, () => null),
    UnaryCall: unary({ decode: decodeSimpleRequest, encode: encodePayloadResponse }, unaryCall),
    StreamingInputCall: clientStreaming(
      { decode: decodeStreamingInputCallRequest, encode: encodeStreamingInputCallResponse },
      sumOfSizes,
    ),
    StreamingOutputCall: serverStreaming(
      { decode: decodeStreamingOutputCallRequest, encode: encodePayloadResponse },
      respond,
    ),
    FullDuplexCall: bidi(
      { decode: decodeStreamingOutputCallRequest, encode: encodePayloadResponse },
      async function* (requests, call) {
        echoInitialMetadata(call);
        for await (const request of requests) yield* respond(request, call);
        endWithTrailingMetadata(call);
      },
    ),
  },
};

function unaryCall(request: TestRequest, call: ServerCall): number {
  echoInitialMetadata(call);
  throwAskedStatus(request);
  const [response] = request.responses;
  const bytes = response?.bytes ?? 0;
  if (call.metadata.get(TRAILING) === undefined) return bytes;
  call.send(encodePayloadResponse(bytes));
  endWithTrailingMetadata(call);
  return bytes;
}

async function sumOfSizes(sizes: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const size of sizes) sum += size;
  return sum;
}

/** The responses a request asks for, each after its pause. */
async function* respond(request: TestRequest, call: ServerCall): AsyncGenerator<number> {
  throwAskedStatus(request);
  for (const { bytes, pauseMs } of request.responses) {
    if (pauseMs > 0) await Bun.sleep(pauseMs);
    if (call.ended) return;
    yield bytes;
  }
}

function throwAskedStatus({ status }: TestRequest): void {
  if (status !== null && status.code !== 0) throw new GrpcError(status.code, status.message);
}

function echoInitialMetadata(call: ServerCall): void {
  const value = call.metadata.get(INITIAL);
  if (value !== undefined) call.sendMetadata([[INITIAL, value]]);
}

function endWithTrailingMetadata(call: ServerCall): void {
  const values = call.metadata.getBinary(TRAILING);
  const status: GrpcStatus = { code: 0, metadata: values.map((value) => [TRAILING, value] as const) };
  call.end(status);
}
