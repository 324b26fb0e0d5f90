/** Turns HTTP/2 streams into calls of the services: what is no gRPC or not served is answered here. */
import type { FieldLines, Http2Acceptor, Http2Stream, Http2StreamHandler } from "../http2/contract.ts";
import { isGrpcContentType } from "./content-type.ts";
import { type GrpcMethod, StatusCode, type GrpcServerOptions, type GrpcStatus } from "./contract.ts";
import { ACCEPTED_CODINGS, type MessageCoding, parseMessageCoding } from "./message-coding.ts";
import { buildMethodTable, explainMissingMethod, type MethodTable } from "./method-lookup.ts";
import { readRequestFields } from "./request-fields.ts";
import { GrpcCall, type CallLimits } from "./server-call.ts";
import { trailersOnly } from "./status-fields.ts";
import { parseTimeout } from "./timeout.ts";

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const NOT_POST: FieldLines = [":status", "405", "allow", "POST"];
const NOT_GRPC: FieldLines = [":status", "415", "accept", "application/grpc"];

type Route =
  | {
      readonly kind: "served";
      readonly path: string;
      readonly method: GrpcMethod;
      readonly coding: MessageCoding | null;
      readonly timeoutMs: number | null;
    }
  | { readonly kind: "refused"; readonly answer: FieldLines };

/** For streams that have their whole answer. */
const ANSWERED: Http2StreamHandler = {
  onData: () => true,
  onEnd() {},
  onReset() {},
  onWritable() {},
};

/** Serves gRPC on the streams of an HTTP/2 server. */
export function createGrpcAcceptor(options: GrpcServerOptions): Http2Acceptor {
  const methods = buildMethodTable(options.services);
  const limits: CallLimits = {
    maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    observer: options.observer,
  };

  /** Peers repeat their fields with every call, and the same fields come as the same array. */
  let lastFields: FieldLines | null = null;
  let lastRoute: Route = { kind: "refused", answer: NOT_POST };

  function onStream(stream: Http2Stream, fields: FieldLines, endStream: boolean): Http2StreamHandler {
    if (fields !== lastFields) {
      lastRoute = findRoute(fields, methods);
      lastFields = fields;
    }
    if (lastRoute.kind === "refused") {
      stream.sendHeaders(lastRoute.answer, true);
      return ANSWERED;
    }
    const { path, method, coding, timeoutMs } = lastRoute;
    const call = new GrpcCall(path, stream, fields, coding, limits);
    call.open(method, timeoutMs, endStream);
    return call;
  }

  return { onStream };
}

/** What becomes of a stream with these fields. */
function findRoute(fields: FieldLines, methods: MethodTable): Route {
  const { path, method: httpMethod, contentType, encoding, timeout } = readRequestFields(fields);
  if (httpMethod !== "POST") return { kind: "refused", answer: NOT_POST };
  if (!isGrpcContentType(contentType)) return { kind: "refused", answer: NOT_GRPC };
  const method = methods.get(path);
  if (method === undefined) {
    return refused({ code: StatusCode.UNIMPLEMENTED, message: explainMissingMethod(methods, path) });
  }
  const coding = parseMessageCoding(encoding);
  if (coding === undefined) {
    const message = `unknown grpc-encoding ${encoding ?? ""}`;
    const metadata = [["grpc-accept-encoding", ACCEPTED_CODINGS]] as const;
    return refused({ code: StatusCode.UNIMPLEMENTED, message, metadata });
  }
  const timeoutMs = timeout === undefined ? null : parseTimeout(timeout);
  if (timeoutMs === null && timeout !== undefined) {
    return refused({ code: StatusCode.INTERNAL, message: `malformed grpc-timeout ${timeout}` });
  }
  return { kind: "served", path, method, coding, timeoutMs };
}

function refused(status: GrpcStatus): Route {
  return { kind: "refused", answer: trailersOnly(status) };
}
